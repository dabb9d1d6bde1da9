/** Since when each practice has been in place without a gap, by the ledger. Pure. */
import type { EventType, LedgerEntry } from '../../ledger/log/index.js'
import type { Assessment } from '../run.js'
import { PRACTICES } from './definitions.js'

const DAY_MS = 86_400_000
/** Public Law 116-321: in place for not less than the previous 12 months. */
const TWELVE_MONTHS_MS = 365 * DAY_MS

export interface Evidence {
  readonly what: string
  readonly kind: 'events' | 'assessments'
  /** RFC 3339: without a gap from then until now; undefined when it is not in place now. */
  readonly since: string | undefined
  readonly last: string | undefined
  /** How often since then. */
  readonly count: number
  /** Indices of the first and the last entry that show it. */
  readonly entries: readonly number[]
}

export interface ShownPractice {
  readonly number: number
  readonly title: string
  /** The latest `since` of its evidence; undefined when one is missing, or nothing can be shown. */
  readonly since: string | undefined
  readonly isTwelveMonths: boolean
  readonly evidence: readonly Evidence[]
  readonly rest: string
}

export interface PracticeReport {
  readonly format: 'nocturne-practices/v1'
  readonly gateway: string
  /** RFC 3339. */
  readonly at: string
  readonly practices: readonly ShownPractice[]
}

/** A time at which something was shown, and the entry that shows it. */
interface Shown {
  readonly at: number
  readonly index: number
  readonly isGood: boolean
}

export interface PracticeSources {
  readonly gateway: string
  readonly now: number
  /** The events of these types, oldest first. */
  readonly events: (types: readonly EventType[]) => readonly {
    readonly index: number
    readonly entry: LedgerEntry
  }[]
  /** Oldest first, each with the entry that records it. */
  readonly assessments: readonly { readonly assessment: Assessment; readonly index: number }[]
}

export function practicesOf(sources: PracticeSources): PracticeReport {
  const { gateway, now, events, assessments } = sources
  return {
    format: 'nocturne-practices/v1',
    ...{ gateway, at: new Date(now).toISOString() },
    practices: PRACTICES.map(({ number, title, signals, checks, rest }) => {
      const evidence = [
        ...signals.map(({ title: what, types, counts, withinDays }) => {
          const shown = events(types)
            .filter(({ entry }) => counts?.(entry) ?? true)
            .map(({ entry, index }) => ({ at: Date.parse(entry.time), index, isGood: true }))
          return runOf(`${what}, at least every ${withinDays} days`, 'events', shown, {
            ...{ now, withinMs: withinDays * DAY_MS },
          })
        }),
        ...checks.map((check) => {
          const shown = assessments.flatMap(({ assessment, index }) => {
            const seen = assessment.observations.find((one) => one.check === check)
            const at = Date.parse(assessment.at)
            return seen ? [{ at, index, isGood: seen.verdict === 'satisfied' }] : []
          })
          return runOf(`Check ${check}`, 'assessments', shown, { now, withinMs: 366 * DAY_MS })
        }),
      ]
      const since = sinceOf(evidence)
      return {
        ...{ number, title, since, evidence, rest },
        isTwelveMonths: since !== undefined && Date.parse(since) <= now - TWELVE_MONTHS_MS,
      }
    }),
  }
}

/** The newest run without a gap, if it reaches until now. */
function runOf(
  what: string,
  kind: Evidence['kind'],
  shown: readonly Shown[],
  { now, withinMs }: { readonly now: number; readonly withinMs: number },
): Evidence {
  let first: Shown | undefined
  let after = now
  let count = 0
  for (const one of shown.toReversed()) {
    if (!one.isGood || after - one.at > withinMs) break
    first = one
    after = one.at
    count += 1
  }
  const last = shown.at(-1)
  const isoOf = (one: Shown | undefined) => one && new Date(one.at).toISOString()
  const entries = first && last ? [...new Set([first.index, last.index])] : []
  return { ...{ what, kind, count, entries }, since: isoOf(first), last: isoOf(last) }
}

const sinceOf = (evidence: readonly Evidence[]): string | undefined =>
  evidence.length === 0 || evidence.some(({ since }) => since === undefined)
    ? undefined
    : evidence
        .flatMap(({ since }) => since ?? [])
        .sort()
        .at(-1)
