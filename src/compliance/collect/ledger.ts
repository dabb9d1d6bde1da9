/**
 * Collects facts from the ledger: when each type of event occurred, and the few entries that checks
 * need.
 */
import type { EventType, Ledger, LedgerRow } from '../../ledger/log/index.js'
import type { ReviewState } from '../../ledger/reviews/index.js'
import type { EventSpan, LedgerFacts } from '../facts.js'

export interface LedgerSources {
  readonly ledger: Pick<Ledger, 'query'>
  readonly now: () => number
  readonly spans: () => Promise<Readonly<Record<string, EventSpan>>>
  readonly lastOf: (type: EventType) => Promise<LedgerRow | undefined>
  readonly review: () => Promise<ReviewState>
  readonly proposed: () => Promise<
    readonly { readonly principal: string; readonly proposedAt: number }[]
  >
  readonly witnessed: () => Promise<{ readonly at: number } | undefined>
  readonly sinks: () => Promise<readonly { readonly id: string; readonly problem?: string }[]>
}

const PROVEN_MS = 400 * 86_400_000
const PAGE = 1_000

export async function ledgerFacts(sources: LedgerSources): Promise<LedgerFacts> {
  const { lastOf } = sources
  const [spans, review, proposed, witnessed, sinks] = await Promise.all([
    sources.spans(),
    sources.review(),
    sources.proposed(),
    sources.witnessed(),
    sources.sinks(),
  ])
  const [backup, drill, assessment] = await Promise.all([
    lastOf('backup.made'),
    lastOf('drill.run'),
    lastOf('assessment.made'),
  ])
  return {
    ...{ size: review.size, spans },
    review: {
      last: review.last && { at: Date.parse(review.last.at), by: review.last.by },
      ...{ isOverdue: review.isOverdue, due: review.due },
    },
    proven: await provenKeys(sources),
    inEffect: await keysInEffect(sources),
    proposed: proposed.map(({ principal, proposedAt }) => ({ principal, at: proposedAt })),
    witnessedAt: witnessed?.at,
    lostSinks: sinks.filter(({ problem }) => problem !== undefined).map(({ id }) => id),
    lastBackup: backup && instantOf(backup),
    lastDrill: drill && {
      ...instantOf(drill),
      ok: drill.entry.outcome === 0,
      seconds: numberOf(drill.entry.detail?.seconds),
      isOpened: drill.entry.detail?.opened === true,
    },
    lastAssessment: assessment && instantOf(assessment),
  }
}

const instantOf = ({ index, entry }: LedgerRow) => ({ at: Date.parse(entry.time), index })
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

/** Principals that signed in with a signature, or opened a challenge sealed to them. */
async function provenKeys(sources: LedgerSources): Promise<LedgerFacts['proven']> {
  const proven: Record<string, { at: number; index: number }> = {}
  const from = sources.now() - PROVEN_MS
  for await (const row of rowsOf(sources, ['key.checked', 'signin.succeeded'], from))
    if (row.entry.outcome === 0) proven[row.entry.actor.id] = instantOf(row)
  return proven
}

async function keysInEffect(sources: LedgerSources): Promise<LedgerFacts['inEffect']> {
  const inEffect = new Map<string, string>()
  for await (const { entry } of rowsOf(sources, ['certificate.changed'])) {
    const [principal, to] = [textOf(entry.detail?.principal), textOf(entry.detail?.to)]
    if (principal === undefined) continue
    if (to === undefined) inEffect.delete(principal)
    else inEffect.set(principal, to)
  }
  return Object.fromEntries(inEffect)
}

async function* rowsOf(
  { ledger }: LedgerSources,
  types: readonly EventType[],
  from?: number,
): AsyncGenerator<LedgerRow> {
  for (let start: number | undefined = 0; start !== undefined;) {
    const page: Awaited<ReturnType<Ledger['query']>> = await ledger.query({
      ...{ types, start, limit: PAGE },
      ...(from !== undefined && { from }),
    })
    yield* page.rows
    start = page.next
  }
}
