/**
 * Turns facts into observations, and these into findings. Pure: the same facts give the same
 * assessment.
 */
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import { catalogueOf } from './catalogue.js'
import type { CatalogueRow, ProfileName } from './catalogue.js'
import { dateMs, dayOf } from './check.js'
import type { Check, Outcome, Source, Verdict } from './check.js'
import type { Flag } from './citations.js'
import type { Facts } from './facts.js'
import { policiesFor } from './in-force.js'
import type { Action } from './kinds.js'
import { addStep } from './steps.js'

/** A person's statement about a row. The newest statement counts, until it expires. */
export interface Statement {
  readonly id: string
  readonly row: string
  /**
   * `alternative` and `not-reasonable` are the options of 164.306(d)(3) for addressable
   * specifications.
   */
  readonly says: 'met' | 'not-met' | 'not-applicable' | 'alternative' | 'not-reasonable'
  readonly text: string
  /** SHA-256 digests of the attached documents. */
  readonly attachments: readonly string[]
  /** `YYYY-MM-DD`: must be renewed after this day. */
  readonly until: string
  readonly by: string
  readonly at: number
}

export interface Observation {
  readonly check: string
  readonly title: string
  readonly source: Source
  readonly verdict: Verdict
  readonly says: string
  readonly next?: string
  readonly evidence: Evidence
}

export interface Evidence {
  /** The facts that were examined. */
  readonly shown: Json
  /** SHA-256 of the facts in canonical JSON, hexadecimal. */
  readonly sha256: string
  /** When the facts were collected, RFC 3339. */
  readonly collected: string
  readonly expires: string
  /** Indices of the ledger entries that prove it. */
  readonly entries: readonly number[]
}

/**
 * `stated`: based only on a person's statement. `open`: nobody has stated what the checks do not
 * answer.
 */
export type RowState =
  'met' | 'stated' | 'gap' | 'unknown' | 'open' | 'not-applicable' | 'alternative' | 'context'

export interface Finding {
  readonly row: string
  readonly audit: CatalogueRow['audit']
  readonly section: string
  readonly cites: readonly string[]
  readonly keyActivity: string
  readonly ra: Flag
  readonly state: RowState
  readonly isSatisfied: boolean
  readonly reason: string
  /** Steps to take, one for each thing that is missing. */
  readonly next: readonly string[]
  readonly checks: readonly string[]
  /** Policies in force that cover the row. */
  readonly policies: readonly string[]
  readonly statement: Statement | undefined
  readonly actions: readonly string[]
}

export interface Assessment {
  readonly format: 'nocturne-assessment/v1'
  readonly profile: ProfileName
  readonly gateway: string
  readonly version: string
  /** Time of the assessment, RFC 3339. */
  readonly at: string
  readonly observations: readonly Observation[]
  readonly findings: readonly Finding[]
  readonly actions: readonly Action[]
}

export interface RunOptions {
  readonly profile: ProfileName
  readonly gateway: string
  /** Version of Nocturne. */
  readonly version: string
  readonly statements: readonly Statement[]
  readonly sha256: (text: string) => string
}

const DAY_MS = 86_400_000

export function assess(facts: Facts, options: RunOptions): Assessment {
  const rows = catalogueOf(options.profile)
  const checks = new Map(rows.flatMap((row) => row.checks.map((check) => [check.id, check])))
  const observations = [...checks.values()].map((check) => observe(check, facts, options.sha256))
  const byCheck = new Map(observations.map((one) => [one.check, one]))
  const actions = facts.registers?.actions ?? []
  return {
    format: 'nocturne-assessment/v1',
    profile: options.profile,
    gateway: options.gateway,
    version: options.version,
    at: new Date(facts.at).toISOString(),
    observations,
    findings: rows.map((row) => {
      const seen = row.checks.flatMap(({ id }) => byCheck.get(id) ?? [])
      return findingOf(row, seen, facts, options.statements)
    }),
    actions,
  }
}

function observe(check: Check, facts: Facts, sha256: RunOptions['sha256']): Observation {
  const { verdict, says, next, shown, entries = [] }: Outcome = check.run(facts)
  return {
    ...{ check: check.id, title: check.title, source: check.source, verdict, says },
    ...(next !== undefined && { next }),
    evidence: {
      shown,
      sha256: sha256(canonicalJson(shown)),
      collected: new Date(facts.at).toISOString(),
      expires: new Date(facts.at + check.validDays * DAY_MS).toISOString(),
      entries,
    },
  }
}

function findingOf(
  row: CatalogueRow,
  observations: readonly Observation[],
  facts: Facts,
  statements: readonly Statement[],
): Finding {
  const { id, audit, section, cites, keyActivity, ra } = row
  const policies = policiesOf(row, facts)
  const statement = statements
    .filter((one) => one.row === id)
    .toSorted(byTime)
    .at(-1)
  const { state, reason, next } = judge(row, { observations, policies, statement, at: facts.at })
  return {
    ...{ row: id, audit, section, cites, keyActivity, ra, state, reason, next, policies },
    isSatisfied: ['met', 'stated', 'alternative', 'not-applicable', 'context'].includes(state),
    checks: observations.map(({ check }) => check),
    statement,
    actions: (facts.registers?.actions ?? [])
      .filter((one) => one.row === id)
      .map((action) => action.id),
  }
}

const policiesOf = ({ cites }: CatalogueRow, { registers, at }: Facts): readonly string[] => [
  ...new Set(
    cites.flatMap((cite) =>
      policiesFor(registers?.entries.policy ?? [], cite, at).map(({ subject }) => subject),
    ),
  ),
]

interface Answers {
  readonly observations: readonly Observation[]
  readonly policies: readonly string[]
  readonly statement: Statement | undefined
  readonly at: number
}

interface Judgement {
  readonly state: RowState
  readonly reason: string
  readonly next: readonly string[]
}

/**
 * A statement that a row is met never overrides a failed or inconclusive check. A person can only
 * state that a rule does not apply, or that an addressable specification is met in another way.
 */
function judge(row: CatalogueRow, answers: Answers): Judgement {
  if (row.coverage === 'context')
    return { state: 'context', reason: 'General; nothing is required here.', next: [] }
  const { observations, policies } = answers
  const statement = countedStatement(answers)
  const said = statement && saidInstead(row, statement)
  if (said) return said
  const isMet = statement?.says === 'met'
  const failing = observations.filter(({ verdict }) => verdict === 'not-satisfied')
  const undecided = observations.filter(isUndecided)
  const unseen = observations.filter(
    (one) => one.verdict === 'unknown' && !(isMet && isUndecided(one)),
  )
  const stale = answers.statement && !statement ? ' An earlier statement is out of date.' : ''
  const next = [...new Set([...failing, ...unseen].flatMap((one) => one.next ?? []))]
  const wantsPolicy = row.wantsPolicy && policies.length === 0
  if (wantsPolicy) next.push(policyStep(row))
  const wantsWord = (row.coverage !== 'whole' || undecided.length > 0) && !isMet
  if (wantsWord) next.push(statementStep(row))
  if (statement?.says === 'not-met')
    return { state: 'gap', reason: `${statement.by} states that it is not met.`, next }
  if (failing.length > 0)
    return { state: 'gap', reason: sentence(failing.map(({ says }) => says)), next }
  if (unseen.length > 0)
    return { state: 'unknown', reason: sentence(unseen.map(({ says }) => says)), next }
  const shown = observations.filter(({ verdict }) => verdict === 'satisfied')
  if (observations.length > 0 && shown.length + undecided.length === 0)
    return { state: 'not-applicable', reason: sentence(observations.map((o) => o.says)), next: [] }
  if (wantsPolicy) return { state: 'gap', reason: `No policy in force covers it.${stale}`, next }
  if (wantsWord) return { state: 'open', reason: `A person must state the rest.${stale}`, next }
  const word = statement ? [`stated by ${statement.by} on ${dayOf(statement.at)}`] : []
  return {
    state: shown.length > 0 ? 'met' : 'stated',
    reason: sentence([...shown.map(({ says }) => says), ...word]),
    next: [],
  }
}

/** Examined, without a result: a person's statement decides. */
const isUndecided = ({ verdict, evidence }: Observation): boolean =>
  verdict === 'unknown' && evidence.shown !== null

const policyStep = ({ cites: [cite = ''] }: CatalogueRow): string =>
  `register a policy that covers ${cite}, or all of its section: ${addStep('policy', { covers: cite })}`

const statementStep = ({ id }: CatalogueRow): string =>
  `state what the site does: nocturne assess state ${id} --met --text-file FILE --until DATE --site DIR`

/**
 * 164.306(d)(3)(ii)(B): only an addressable specification can be met in another way, with the
 * reason documented.
 */
function saidInstead(row: CatalogueRow, statement: Statement): Judgement | undefined {
  const because = `${statement.by} on ${dayOf(statement.at)}: ${statement.text}`
  if (statement.says === 'not-applicable')
    return { state: 'not-applicable', reason: because, next: [] }
  if (statement.says === 'alternative' || statement.says === 'not-reasonable')
    return row.ra === 'A' ? { state: 'alternative', reason: because, next: [] } : undefined
  return undefined
}

const countedStatement = ({ statement, at }: Answers): Statement | undefined =>
  statement && dateMs(statement.until) >= dateMs(dayOf(at)) ? statement : undefined

const byTime = (a: Statement, b: Statement): number => a.at - b.at || a.id.localeCompare(b.id)

const sentence = (parts: readonly string[]): string =>
  parts
    .map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}.`)
    .join(' ')
    .replaceAll('..', '.')

export interface Difference {
  readonly row: string
  readonly before: RowState | 'absent'
  readonly after: RowState
}

/** Rows whose state differs from an earlier assessment with the same profile. */
export function compare(before: Assessment, after: Assessment): readonly Difference[] {
  const states = new Map(before.findings.map(({ row, state }) => [row, state]))
  return after.findings.flatMap(({ row, state }) => {
    const was = states.get(row) ?? 'absent'
    return was === state ? [] : [{ row, before: was, after: state }]
  })
}

/** Number of rows in each state. */
export function countStates(
  findings: readonly Finding[],
): Readonly<Partial<Record<RowState, number>>> {
  const counts: Partial<Record<RowState, number>> = {}
  for (const { state } of findings) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
