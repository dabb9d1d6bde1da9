/**
 * Requisitions that came before their study: finding it, and removing those whose study never came.
 */
import { SYSTEM } from '../../lib/actors.js'
import { NO_GROUP } from '../../protocol/words.js'
import type { Db } from '../../state/index.js'
import type { TransferRooms } from '../rooms.js'
import { expireOne } from '../stored/expiry.js'
import { closeArrival } from './studies.js'

export interface Requisitions {
  /** How many of a facility wait. */
  count(facility: string): Promise<number>
  /** Requisitions whose study has become available, each with a transfer of that study. */
  matches(): Promise<readonly { readonly transfer: string; readonly study: string }[]>
  /** Removes those that have waited since before this time. Returns how many. */
  expire(before: number): Promise<number>
}

export const requisitionsOf = (rooms: TransferRooms): Requisitions => ({
  count: (facility) => count(rooms.state.db, facility),
  matches: () => matches(rooms.state.db),
  expire: (before) => expire(rooms, before),
})

const AT_ONCE = 200

const waiting = (db: Db) =>
  db
    .selectFrom('waiting_studies as waiting')
    .innerJoin('transfers', 'transfers.id', 'waiting.transfer')
    .where('waiting.reason', '=', 'requisition')
    .where('transfers.state', '=', 'open')
    .where('transfers.group_id', '=', NO_GROUP)

async function count(db: Db, facility: string): Promise<number> {
  const row = await waiting(db)
    .select(({ fn }) => fn.countAll().as('count'))
    .where('transfers.facility', '=', facility)
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

async function matches(db: Db) {
  const rows = await waiting(db)
    .innerJoin('requisition_orders as orders', 'orders.transfer', 'waiting.transfer')
    .innerJoin('items', 'items.order_handle', 'orders.handle')
    .innerJoin('transfers as studies', 'studies.id', 'items.transfer')
    .select(['waiting.transfer', 'studies.id as study'])
    .distinct()
    .whereRef('studies.facility', '=', 'transfers.facility')
    .where('studies.state', 'in', ['available', 'acknowledged'])
    .where('waiting.group_id', 'is', null)
    .limit(AT_ONCE)
    .execute()
  return rows
}

/** The rows first: if we crash before the objects are deleted, nobody can open them any more. */
async function expire(rooms: TransferRooms, before: number): Promise<number> {
  const old = await waiting(rooms.state.db)
    .select('waiting.transfer')
    .where('waiting.since', '<', before)
    .limit(AT_ONCE)
    .execute()
  for (const { transfer } of old) {
    const { value: objects } = await rooms.ledger.record(async (tx) => {
      const row = await tx
        .selectFrom('transfers')
        .selectAll()
        .where('id', '=', transfer)
        .executeTakeFirstOrThrow()
      const expired = await expireOne(tx, row)
      await closeArrival(tx, transfer)
      const { facility } = row
      return {
        value: expired.objects,
        events: [{ type: 'requisition.expired', outcome: 4, actor: SYSTEM, facility, transfer }],
      }
    })
    for (const key of objects) await rooms.store.delete(key)
  }
  return old.length
}
