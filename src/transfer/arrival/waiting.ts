/**
 * Studies that wait until a person names their group. Until then they are sealed to every group of
 * their facility, and are visible to none of them; afterwards the key packets of the others are
 * deleted.
 */
import type { Actor, EventInput } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import { NO_GROUP } from '../../protocol/words.js'
import type { WAITS } from '../../protocol/words.js'
import type { Db, Priority, Tx } from '../../state/index.js'
import type { UploadTarget } from '../begin.js'
import type { TransferRooms } from '../rooms.js'
import { expectNoneUnderWay } from '../rows.js'
import { assignmentOf } from './assigned.js'
import type { AssignedRoute } from './assigned.js'
import type { StudyKey } from './studies.js'
import { detachArrival } from './studies.js'

/** A study that waits, oldest first. */
export interface WaitingStudy {
  readonly transfer: string
  readonly facility: string
  readonly reason: (typeof WAITS)[number]
  readonly priority: Priority
  /** In milliseconds since 1970. */
  readonly since: number
  readonly items: number
  readonly bytes: number
  /** Named by a person while the study is still arriving. */
  readonly group: string | undefined
}

/** Studies that wait until a person names their group. */
export interface Waiting {
  /** Of one facility, or of all; at most 1,000, oldest first. */
  list(facility: string | undefined): Promise<readonly WaitingStudy[]>
  /** One entry for each study that nobody has given to a group. */
  all(): Promise<readonly Pick<WaitingStudy, 'facility' | 'reason'>[]>
  /**
   * Records who named the group. The study goes there once it is complete; until then another group
   * can still be named.
   *
   * @throws NocturneError `study_not_waiting`; `recipient_unusable` when no reader of the group
   *   could open it
   */
  assign(actor: Actor, transfer: string, to: Assignment): Promise<AssignedRoute>
  /**
   * Gives the study to the group that a person named; undefined while nobody has. The caller
   * completes the transfer. May be repeated.
   *
   * @throws NocturneError `recipient_unusable`; `too_busy` while another gateway is adding to it
   */
  route(transfer: string): Promise<AssignedRoute | undefined>
  /** Where a person sent an earlier part of the study: later images follow it. */
  former(facility: string, study: StudyKey): Promise<AssignedRoute | undefined>
}

interface Assignment {
  readonly group: string
  /** Undefined: as it is. */
  readonly priority: Priority | undefined
  /** The case that it joins. */
  readonly case?: string
}

export const waitingOf = (rooms: TransferRooms): Waiting => ({
  list: (facility) => listWaiting(rooms.state.db, facility),
  all: () => countWaiting(rooms.state.db),
  assign: (actor, transfer, to) => assignStudy(rooms, actor, transfer, to),
  route: (transfer) => routeAssigned(rooms, transfer),
  former: (facility, study) => formerRoute(rooms, facility, study),
})

/** At most this many are listed. */
const LISTED = 1_000

export async function writeWaiting(
  tx: Tx,
  target: UploadTarget,
  transfer: string,
  since: number,
): Promise<readonly EventInput[]> {
  const { actor, facility, priority, waits: reason, orders = [] } = target
  if (reason === undefined) return []
  const unassigned = { group_id: null, priority: null, assigned_by: null, assigned_at: null }
  await tx
    .insertInto('waiting_studies')
    .values({ transfer, reason, since, case_id: null, ...unassigned })
    .execute()
  const rows = [...new Set(orders)].map((handle) => ({ transfer, handle }))
  if (rows.length > 0) await tx.insertInto('requisition_orders').values(rows).execute()
  const detail = { reason, priority }
  return reason === 'requisition'
    ? [{ type: 'requisition.waiting', outcome: 0, actor, facility, transfer, detail }]
    : [{ type: 'study.waiting', outcome: 4, actor, facility, transfer, detail }]
}

async function listWaiting(db: Db, facility: string | undefined): Promise<readonly WaitingStudy[]> {
  const rows = await db
    .selectFrom('waiting_studies as waiting')
    .innerJoin('transfers', 'transfers.id', 'waiting.transfer')
    .select(['waiting.transfer', 'waiting.reason', 'waiting.since', 'waiting.group_id'])
    .select(['waiting.priority as wanted', 'transfers.facility', 'transfers.priority'])
    .select(['transfers.item_count', 'transfers.byte_count'])
    .where('transfers.state', '=', 'open')
    .where('transfers.group_id', '=', NO_GROUP)
    .$if(facility !== undefined, (query) => query.where('transfers.facility', '=', facility ?? ''))
    .orderBy('waiting.since')
    .limit(LISTED)
    .execute()
  return rows.map((row) => ({
    ...{ transfer: row.transfer, facility: row.facility, reason: row.reason },
    priority: row.wanted ?? row.priority,
    ...{ since: row.since, items: row.item_count, bytes: row.byte_count },
    group: row.group_id ?? undefined,
  }))
}

async function countWaiting(db: Db): Promise<readonly Pick<WaitingStudy, 'facility' | 'reason'>[]> {
  return db
    .selectFrom('waiting_studies as waiting')
    .innerJoin('transfers', 'transfers.id', 'waiting.transfer')
    .select(['transfers.facility', 'waiting.reason'])
    .where('transfers.state', '=', 'open')
    .where('waiting.group_id', 'is', null)
    .execute()
}

async function assignStudy(
  rooms: TransferRooms,
  actor: Actor,
  transfer: string,
  to: Assignment,
): Promise<AssignedRoute> {
  const members = (await rooms.directory.usableRecipientsOf(to.group)).map(({ id }) => id)
  const { value } = await rooms.ledger.record(async (tx) => {
    const row = await tx
      .selectFrom('waiting_studies as waiting')
      .innerJoin('transfers', 'transfers.id', 'waiting.transfer')
      .select(['waiting.reason', 'waiting.since', 'transfers.facility', 'transfers.priority'])
      .where('waiting.transfer', '=', transfer)
      .where('transfers.state', '=', 'open')
      .where('transfers.group_id', '=', NO_GROUP)
      .executeTakeFirst()
    if (!row) throw new NocturneError('study_not_waiting')
    await expectOpenable(tx, transfer, members, to.group)
    const now = rooms.now()
    const { group, priority = row.priority } = to
    await tx
      .updateTable('waiting_studies')
      .set({
        ...{ group_id: group, priority, case_id: to.case ?? null },
        ...{ assigned_by: actor.id, assigned_at: now },
      })
      .where('transfer', '=', transfer)
      .execute()
    const { reason, since, facility } = row
    const detail = {
      reason,
      priority,
      waitedSeconds: Math.max(0, Math.round((now - since) / 1000)),
    }
    return {
      value: { group, priority },
      events: [
        {
          type: to.case === undefined ? 'study.assigned' : 'requisition.matched',
          outcome: 0,
          ...{ actor, facility, group, transfer },
          detail: { ...detail, ...(to.case !== undefined && { case: to.case }) },
        },
      ],
    }
  })
  return value
}

async function routeAssigned(
  rooms: TransferRooms,
  transfer: string,
): Promise<AssignedRoute | undefined> {
  const named = await assignmentOf(rooms, transfer)
  if (!named) return undefined
  const { group, priority } = named
  const members = (await rooms.directory.sealingRecipientsOf(group)).map(({ id }) => id)
  await rooms.state.transaction(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('transfers')
      .set({ group_id: group, priority })
      .where('id', '=', transfer)
      .where('state', '=', 'open')
      .where('group_id', '=', NO_GROUP)
      .executeTakeFirst()
    // Routed before, by an attempt whose completion failed.
    if (numUpdatedRows !== 1n) return
    await expectNoneUnderWay(tx, transfer)
    await detachArrival(tx, transfer, group)
    await tx
      .deleteFrom('key_packets')
      .where('recipient', 'not in', members)
      .where('envelope', 'in', (eb) =>
        eb.selectFrom('envelopes').select('id').where('transfer', '=', transfer),
      )
      .execute()
  })
  return named
}

async function formerRoute(
  rooms: TransferRooms,
  facility: string,
  study: StudyKey,
): Promise<AssignedRoute | undefined> {
  const row = await rooms.state.db
    .selectFrom('waiting_studies as waiting')
    .innerJoin('arrivals', 'arrivals.transfer', 'waiting.transfer')
    .select('waiting.transfer')
    .where('arrivals.facility', '=', facility)
    .where('arrivals.study', '=', study)
    .where('arrivals.group_id', '<>', NO_GROUP)
    .orderBy('waiting.assigned_at', 'desc')
    .executeTakeFirst()
  const named = row && (await assignmentOf(rooms, row.transfer))
  return named && { group: named.group, priority: named.priority }
}

/** Every envelope must be sealed to at least one of the group's readers, who can add the others. */
async function expectOpenable(
  tx: Tx,
  transfer: string,
  members: readonly string[],
  group: string,
): Promise<void> {
  const packets = await tx
    .selectFrom('key_packets')
    .innerJoin('envelopes', 'envelopes.id', 'key_packets.envelope')
    .select(['key_packets.envelope', 'key_packets.recipient'])
    .where('envelopes.transfer', '=', transfer)
    .execute()
  const all = new Set(packets.map(({ envelope }) => envelope))
  const readers = members.filter((id) => id !== 'recovery')
  const openable = new Set(
    packets.filter(({ recipient }) => readers.includes(recipient)).map(({ envelope }) => envelope),
  )
  if (openable.size < all.size) throw new NocturneError('recipient_unusable', { subject: group })
}
