import type { EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import { STAGES, blockOf, candidates, readTime } from './candidates.js'
import type { BlockReason, Candidate, RetentionParts, RetentionTime } from './contract.js'
import { beginRemoval, finishRemovals } from './removals.js'
import type { Removal } from './removals.js'

export interface RemovedCounts {
  /** Cases and held items whose removal was begun. */
  readonly expired: number
  /** Objects deleted, including those of a removal that was interrupted. */
  readonly objects: number
  /** Why nothing was removed. */
  readonly clock?: RetentionTime['clock']
}

export interface RetentionPlan {
  readonly terms: RetentionParts['terms']
  readonly candidates: readonly Candidate[]
  /** Notes of hand-overs past the period of reports, and why they stay. */
  readonly handovers: { readonly due: number; readonly blockedBy: BlockReason | undefined }
  /** There are more than are listed. */
  readonly isCut: boolean
  /** Why nothing is removed. */
  readonly clock: RetentionTime['clock']
}

export interface Retention {
  /** What is past its period, and why some of it stays; changes nothing. */
  plan(): Promise<RetentionPlan>
  /**
   * Removes what is past its period.
   *
   * @throws NocturneError `store_unavailable`, `ledger_unavailable`; the next run does the rest
   */
  run(): Promise<RemovedCounts>
}

const MAX_LISTED = 1_000

export const createRetention = (parts: RetentionParts): Retention => ({
  plan: () => plan(parts),
  run: () => run(parts),
})

async function plan(parts: RetentionParts): Promise<RetentionPlan> {
  const { terms } = parts
  const found: Candidate[] = []
  const time = await readTime(parts, 'doubt')
  const { clock } = time
  const handovers = await planHandovers(parts, time)
  const rest = { terms, candidates: found, handovers, clock }
  for (const stage of STAGES)
    for await (const one of candidates(parts, stage, time)) {
      if (found.length === MAX_LISTED) return { ...rest, isCut: true }
      found.push(one)
    }
  return { ...rest, isCut: false }
}

async function planHandovers(
  parts: RetentionParts,
  time: RetentionTime,
): Promise<RetentionPlan['handovers']> {
  const { length: due } = await dueHandovers(parts, time)
  if (due === 0) return { due, blockedBy: undefined }
  const isHeld = await parts.isAnythingHeld(parts.state.db)
  return { due, blockedBy: isHeld ? 'hold' : time.clock && 'clock' }
}

/** IDs of the hand-overs whose notes are past the period of reports. */
async function dueHandovers(
  { terms, state, handovers }: RetentionParts,
  { now, begun }: RetentionTime,
): Promise<readonly string[]> {
  if (terms.reports === undefined) return []
  const before = now - terms.reports
  const noted = await handovers.noted(state.db, before)
  return noted.filter(({ given_at: at }) => begun(at) <= before).map(({ id }) => id)
}

async function run(parts: RetentionParts): Promise<RemovedCounts> {
  const time = await readTime(parts, 'observe')
  if (time.clock) return { expired: 0, objects: 0, clock: time.clock }
  // First what an earlier run has left, in case this one fails.
  const left = await finishRemovals(parts)
  let expired = 0
  for (const stage of STAGES)
    for await (const one of candidates(parts, stage, time)) {
      if (one.blockedBy !== undefined) continue
      const events = await parts.ledger.recordAny((tx) => expire(parts, tx, one, time.now))
      if (events > 0) expired += 1
    }
  await expireHandovers(parts, time)
  return { expired, objects: left + (await finishRemovals(parts)) }
}

/** Step 1 of a removal; without events if it is no longer due, and then nothing is changed. */
async function expire(
  parts: RetentionParts,
  tx: Tx,
  candidate: Candidate,
  now: number,
): Promise<readonly EventInput[]> {
  const { stage, id } = candidate
  if (stage === 'quarantine') {
    const isDue = (await blockOf(parts, tx, candidate)) === undefined
    return isDue ? expireHeld(parts, tx, candidate) : []
  }
  const before = now - (parts.terms[stage] ?? Infinity)
  const mark = { stage: stage === 'closed' ? 'contents' : 'reports', before, now } as const
  const transfers = await parts.cases.mark(tx, id, mark)
  if (!transfers) return []
  const current = { ...candidate, transfers }
  if ((await blockOf(parts, tx, current)) !== undefined) return []
  return stage === 'closed' ? expireContents(parts, tx, current) : expireReports(parts, tx, current)
}

async function expireContents(
  parts: RetentionParts,
  tx: Tx,
  { id, code = '', transfers }: Candidate,
): Promise<readonly EventInput[]> {
  const expired = await parts.transfers.contents(tx, transfers)
  return begin(
    parts,
    tx,
    expired.map(({ packets, ...one }) => ({
      ...one,
      what: 'transfer',
      detail: { case: id, code, packets },
    })),
  )
}

async function expireReports(
  parts: RetentionParts,
  tx: Tx,
  { id, code = '', transfers, facility }: Candidate,
): Promise<readonly EventInput[]> {
  const { system, now } = parts
  const [transfer] = transfers
  const about = { facility, ...(transfer !== undefined && { transfer }) }
  const reports = await parts.reports.expire(tx, id, now())
  const crosswalks = await parts.transfers.crosswalks(tx, transfers)
  const removals: Removal[] = [
    ...reports.map((row): Removal => ({
      ...{ what: 'report', ...about, group: row.group_id, objects: [parts.reportKey(row.id)] },
      detail: { case: id, code, report: row.id, status: row.status },
    })),
    ...crosswalks.map((one): Removal => ({
      ...{ what: 'crosswalk', facility: one.facility, group: one.group, transfer: one.transfer },
      ...{ patient: one.patient, objects: one.objects },
      detail: { case: id, code },
    })),
  ]
  const events = await begin(parts, tx, removals)
  // These messages are rows, so they are gone with this transaction.
  const counts = {
    critical: await parts.critical.expire(tx, id),
    note: await parts.expireNotes(tx, id),
    feedback: await parts.expireFeedback(
      tx,
      reports.map((report) => report.id),
    ),
  }
  const gone = Object.entries(counts).filter(([, count]) => count > 0)
  return [
    ...events,
    ...gone.map(([what, count]): EventInput => ({
      ...{ type: 'content.expired', outcome: 0, actor: system, ...about },
      detail: { what, case: id, code, [what === 'critical' ? 'results' : 'messages']: count },
    })),
  ]
}

/** Notes for the next reader are not about one case; they are kept while anything is on hold. */
async function expireHandovers(parts: RetentionParts, time: RetentionTime): Promise<void> {
  const { system, handovers, isAnythingHeld } = parts
  const due = await dueHandovers(parts, time)
  if (due.length === 0) return
  await parts.ledger.recordAny(async (tx) => {
    if (await isAnythingHeld(tx)) return []
    const count = await handovers.expire(tx, due)
    const detail = { what: 'handover', messages: count }
    return count > 0 ? [{ type: 'content.expired', outcome: 0, actor: system, detail }] : []
  })
}

async function expireHeld(
  parts: RetentionParts,
  tx: Tx,
  { id, facility, transfers, object = '' }: Candidate,
): Promise<readonly EventInput[]> {
  if (!(await parts.transfers.held(tx, id, parts.now()))) return []
  const [transfer = ''] = transfers
  return begin(parts, tx, [
    { what: 'quarantine', facility, transfer, objects: [object], detail: { held: id } },
  ])
}

/** One after another, because they share a transaction. */
async function begin(
  parts: RetentionParts,
  tx: Tx,
  removals: readonly Removal[],
): Promise<readonly EventInput[]> {
  const events: EventInput[] = []
  for (const one of removals) events.push(await beginRemoval(parts, tx, one))
  return events
}
