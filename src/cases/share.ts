/**
 * Parts of a case, each about a body region. A part is a case of its own, with its own code, claim,
 * clock and reports. It has no transfers: it is read from those of the whole case, which is
 * reported only once all of its parts are.
 */
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { BodyRegion, CloseReason } from '../protocol/case-requests.js'
import type { Db, Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import { holderOf } from './claim.js'
import { meetTargets, startClock, stopClock } from './clock.js'
import { DEFAULT_CHAIN, startEscalation } from './escalate.js'
import { insertCase } from './open.js'
import type { Asker, CasesParts } from './parts.js'
import { recorded } from './recorded.js'
import type { CaseAnswer } from './recorded.js'
import { aboutCase, isHeldAt, readCase, stepCase, transfersOf } from './rows.js'

export interface Sharing {
  readonly region: BodyRegion
  /** A reader of the group; undefined for any of them. */
  readonly to: string | undefined
}

/** Enough for every region once. */
const MAX_PARTS = 20

/**
 * A region of the case becomes a part, which another reader claims and reports. The reader named is
 * notified first; the escalation of the group follows, and any reader of the group may claim it.
 *
 * @throws NocturneError `not_a_reader`; `region_shared` naming the part that has the region;
 *   `case_shared` for a part; `already_claimed` when somebody else holds the case; `case_state`
 */
export const shareCase = (
  parts: CasesParts,
  asker: Asker,
  id: string,
  { region, to }: Sharing,
): Promise<CaseAnswer> =>
  recorded(parts, async (tx) => {
    const now = parts.now()
    const before = await readCase(tx, id)
    expectWhole(before)
    if (to !== undefined && !parts.reads(to, before.group_id))
      throw new NocturneError('not_a_reader', { subject: before.group_id })
    if (isHeldAt(before, now) && before.claimed_by !== asker.id)
      throw new NocturneError('already_claimed', { subject: holderOf(before) })
    const others = (await partsOf(tx, id)).filter((one) => !isReturned(one))
    const taken = others.find((one) => one.region === region)
    if (taken) throw new NocturneError('region_shared', { subject: taken.code })
    if (others.length >= MAX_PARTS) throw new NocturneError('case_shared', { subject: before.code })
    const whole = await stepCase(tx, before, 'share')
    const availableAt = whole.available_at ?? now
    const row = await insertCase(tx, {
      ...{ facility: whole.facility, group: whole.group_id, priority: whole.priority },
      ...{ patient: whole.patient ?? undefined, modality: whole.modality, availableAt, now },
      part: { of: whole.id, region, to },
    })
    const { clock, escalate } = parts.rulesOf(row.group_id)
    await startClock(tx, row, clock, availableAt)
    await startEscalation(tx, { case: row.id }, chainTo(to, escalate), now)
    const [transfer] = await transfersOf(tx, row.id)
    const detail = {
      ...{ from: whole.code, priority: row.priority, state: row.state },
      ...(to !== undefined && { to }),
    }
    const about = aboutCase(row, transfer, detail)
    return {
      row,
      events: [{ type: 'case.shared', outcome: 0, actor: asker.actor, ...about }],
    }
  })

type Chain = Parameters<typeof startEscalation>[2]

/** The reader named is notified at once, and the group's chain runs as well. */
const chainTo = (person: string | undefined, chain: Chain): Chain =>
  person === undefined
    ? chain
    : [{ afterMs: 0, audience: { person } }, ...(chain.length > 0 ? chain : DEFAULT_CHAIN)]

/** Oldest first; none for a part. */
export const partsOf = (db: Db | Tx, whole: string): Promise<CaseTable[]> =>
  db.selectFrom('cases').selectAll().where('part_of', '=', whole).orderBy('id').execute()

/** Parts that nobody has finally reported yet. */
export const openPartsOf = async (tx: Tx, whole: string): Promise<readonly CaseTable[]> =>
  (await partsOf(tx, whole)).filter(isOpenPart)

const isOpenPart = ({ state }: CaseTable): boolean =>
  state !== 'final' && state !== 'closed' && state !== 'recalled'

/** It ended without a report, so that its region is read with the whole case again. */
const isReturned = ({ state, closed_for: reason, report }: CaseTable): boolean =>
  state === 'recalled' || (state === 'closed' && report !== 'final' && reason !== ELSEWHERE)

const ELSEWHERE: CloseReason = 'reported-elsewhere'

/**
 * The region of a part is reported with the part, so transfers are not moved into or out of it.
 *
 * @throws NocturneError `case_shared` for a part, and for a case with a part that is still open
 */
export async function expectUnshared(tx: Tx, ...rows: readonly CaseTable[]): Promise<void> {
  for (const row of rows)
    if (row.part_of !== null || (await openPartsOf(tx, row.id)).length > 0)
      throw new NocturneError('case_shared', { subject: row.code })
}

/** @throws NocturneError `case_shared` for a part: what is asked for concerns the whole case */
export function expectWhole(row: CaseTable): void {
  if (row.part_of !== null) throw new NocturneError('case_shared', { subject: row.code })
}

/**
 * What a report on a case or on one of its parts means for the whole. A target is met when the case
 * and all of its parts have met it.
 */
export async function settle(
  tx: Tx,
  row: CaseTable,
  actor: Actor,
  now: number,
): Promise<readonly EventInput[]> {
  const whole = row.part_of === null ? row : await readCase(tx, row.part_of)
  const open = await openPartsOf(tx, whole.id)
  if (whole.report !== null && open.every(({ report }) => report !== null))
    await meetTargets(tx, whole.id, 'preliminary', now)
  if (open.length > 0) return []
  if (whole.state === 'final') await meetTargets(tx, whole.id, 'final', now)
  if (whole.state !== 'partial') return []
  const completed = await stepCase(tx, whole, 'complete')
  await meetTargets(tx, whole.id, 'final', now)
  return [await eventAbout(tx, completed, actor, 'case.completed', { state: completed.state })]
}

/** What the end of a part without a report here means for the whole case. */
export async function partEnded(
  parts: Pick<CasesParts, 'rulesOf' | 'now'>,
  tx: Tx,
  row: CaseTable,
  actor: Actor,
): Promise<readonly EventInput[]> {
  if (row.part_of === null) return []
  if (!isReturned(row)) return settle(tx, row, actor, parts.now())
  const whole = await readCase(tx, row.part_of)
  if (whole.state !== 'partial') return []
  const waiting = await stepCase(tx, whole, 'rejoin')
  const { escalate } = parts.rulesOf(waiting.group_id)
  await startEscalation(tx, { case: waiting.id }, escalate, parts.now())
  const detail = { state: waiting.state, returned: row.region }
  return [await eventAbout(tx, waiting, actor, 'case.changed', detail)]
}

/**
 * Closes the whole case once the facility has acknowledged the final report on it and on each of
 * its parts. Call after an acknowledgement.
 */
export async function closeWhole(
  parts: Pick<CasesParts, 'hasUnreadReport' | 'now'>,
  tx: Tx,
  id: string,
  actor: Actor,
): Promise<readonly EventInput[]> {
  const whole = await readCase(tx, id)
  if (whole.state !== 'final') return []
  const all = await partsOf(tx, id)
  const isAnyLeft = all.some(({ state }) => state !== 'closed' && state !== 'recalled')
  if (isAnyLeft || (await parts.hasUnreadReport(tx, id))) return []
  const change = { closed_at: parts.now(), closed_for: 'reported' }
  const closed = await stepCase(tx, whole, 'close', change)
  await meetTargets(tx, id, 'acknowledged', parts.now())
  await stopClock(tx, id)
  return [await eventAbout(tx, closed, actor, 'case.closed', { reason: 'reported' })]
}

async function eventAbout(
  tx: Tx,
  row: CaseTable,
  actor: Actor,
  type: EventInput['type'],
  detail: NonNullable<EventInput['detail']>,
): Promise<EventInput> {
  const [transfer] = await transfersOf(tx, row.id)
  return { type, outcome: 0, actor, ...aboutCase(row, transfer, detail) }
}
