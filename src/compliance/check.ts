/**
 * A check: one question that the site can answer automatically. It depends only on a snapshot of
 * facts, so that it can be tested with any facts.
 */
import type { Json } from '../lib/json.js'
import type { ConfigurationFacts, Facts, LedgerFacts, RegisterFacts, SystemFacts } from './facts.js'

/**
 * Where an answer comes from. `register` means that people entered it; the others are determined
 * automatically.
 */
export type Source = 'configuration' | 'ledger' | 'system' | 'register'

/** `unknown` counts as not satisfied: what could not be examined has not been shown. */
export type Verdict = 'satisfied' | 'not-satisfied' | 'unknown' | 'not-applicable'

export interface Outcome {
  readonly verdict: Verdict
  /** One sentence, naming the IDs concerned. */
  readonly says: string
  /** What to do, in the imperative. Set unless satisfied or not applicable. */
  readonly next?: string
  /** The facts on which the verdict is based. */
  readonly shown: Json
  /** Indices of ledger entries that prove it. */
  readonly entries?: readonly number[]
}

export interface Check {
  readonly id: string
  readonly title: string
  readonly source: Source
  /** How long the evidence is valid, in days. */
  readonly validDays: number
  readonly run: (facts: Facts) => Outcome
}

interface Draft<F> {
  readonly id: string
  readonly title: string
  readonly validDays?: number
  readonly run: (facts: F, all: Facts) => Outcome
}

const DAY_MS = 86_400_000

const checkOn =
  <F>(source: Source, pick: (facts: Facts) => F | undefined) =>
  ({ id, title, validDays = 31, run }: Draft<F>): Check => ({
    ...{ id, title, source, validDays },
    run: (facts) => {
      const own = pick(facts)
      if (own === undefined)
        return unknown(
          `the ${source} could not be read`,
          'make it available, then run the assessment again',
        )
      return run(own, facts)
    },
  })

export const onConfiguration = checkOn<ConfigurationFacts>('configuration', (f) => f.configuration)
export const onLedger = checkOn<LedgerFacts>('ledger', (f) => f.ledger)
export const onSystem = checkOn<SystemFacts>('system', (f) => f.system)
export const onRegister = checkOn<RegisterFacts>('register', (f) => f.registers)

export const satisfied = (says: string, shown: Json, entries: readonly number[] = []): Outcome => ({
  verdict: 'satisfied',
  says,
  shown,
  entries,
})

export const failed = (
  says: string,
  next: string,
  shown: Json,
  entries: readonly number[] = [],
): Outcome => ({ verdict: 'not-satisfied', says, next, shown, entries })

export const unknown = (says: string, next: string): Outcome => ({
  verdict: 'unknown',
  says,
  next,
  shown: null,
})

/**
 * What was examined does not decide the matter, so a person must state it. Unlike `unknown`, it
 * shows facts.
 */
export const undecided = (says: string, next: string, shown: Json): Outcome => ({
  verdict: 'unknown',
  says,
  next,
  shown,
})

export const notApplicable = (says: string, shown: Json): Outcome => ({
  verdict: 'not-applicable',
  says,
  shown,
})

/** Not satisfied if any names are given, which are then reported; satisfied otherwise. */
export const noneOf = (
  faults: readonly string[],
  texts: { readonly ok: string; readonly bad: string; readonly next: string },
  shown: Json,
): Outcome =>
  faults.length === 0
    ? satisfied(texts.ok, shown)
    : failed(`${texts.bad}: ${listed(faults)}`, texts.next, shown)

const MOST_NAMED = 12

const listed = (names: readonly string[]): string =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ')

/** Whole days from one time to a later one. */
export const daysBetween = (from: number, to: number): number => Math.floor((to - from) / DAY_MS)

/** Milliseconds since 1970 of a date `YYYY-MM-DD`, at midnight UTC. */
export const dateMs = (date: string): number => Date.parse(`${date}T00:00:00Z`)

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)
