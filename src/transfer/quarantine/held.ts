/** Items held for a facility: listed and read by its own staff, and deleted once decided. */
import { NocturneError } from '../../lib/errors.js'
import type { QuarantineAnswer } from '../../protocol/http/facility.js'
import type { Place } from '../../lib/errors.js'
import type { Actor } from '../../ledger/log/index.js'
import type { ItemKind, QuarantineTable } from '../../state/tables/index.js'
import type { Transfer } from '../find.js'
import type { TransferRooms } from '../rooms.js'
import { sealedForFacility } from '../sealed-object.js'
import type { SealedObject } from '../sealed-object.js'
import { findingsOf } from './release.js'
import { isWaivable } from '../../protocol/release-statement.js'

export interface QuarantineRange {
  readonly start: string | undefined
  readonly limit: number
  /** Whether to include items already decided. */
  readonly all: boolean
  readonly transfer: string | undefined
}

/** Oldest first. */
export async function listQuarantine(
  { state }: Pick<TransferRooms, 'state'>,
  facility: string,
  page: QuarantineRange,
): Promise<QuarantineAnswer> {
  const rows = await state.db
    .selectFrom('quarantine')
    .innerJoin('items', (join) =>
      join
        .onRef('items.transfer', '=', 'quarantine.transfer')
        .onRef('items.idx', '=', 'quarantine.idx'),
    )
    .selectAll('quarantine')
    .select('items.kind')
    .where('quarantine.facility', '=', facility)
    .$if(!page.all, (query) => query.where('quarantine.state', '=', 'held'))
    .$if(page.transfer !== undefined, (query) =>
      query.where('quarantine.transfer', '=', page.transfer ?? ''),
    )
    .$if(page.start !== undefined, (query) => query.where('quarantine.id', '>', page.start ?? ''))
    .orderBy('quarantine.id')
    .limit(page.limit + 1)
    .execute()
  const shown = rows.slice(0, page.limit)
  const next = rows.length > page.limit ? shown.at(-1)?.id : undefined
  return { items: shown.map(viewOf), ...(next !== undefined && { next }) }
}

const viewOf = (
  row: QuarantineTable & { readonly kind: ItemKind },
): QuarantineAnswer['items'][number] => ({
  facility: row.facility,
  transfer: row.transfer,
  item: row.idx,
  kind: row.kind,
  code: row.code,
  also: findingsOf(row).slice(1),
  ...(row.place !== null && { where: JSON.parse(row.place) as Place }),
  state: row.state,
  releasable: row.state === 'held' && row.digest !== null && findingsOf(row).every(isWaivable),
  size: row.size,
  createdAt: new Date(row.created_at).toISOString(),
})

/** @throws NocturneError `not_found` */
export async function findHeld(
  { state }: Pick<TransferRooms, 'state'>,
  transfer: Transfer,
  item: number,
): Promise<QuarantineTable> {
  const row = await state.db
    .selectFrom('quarantine')
    .selectAll()
    .where('transfer', '=', transfer.id)
    .where('idx', '=', item)
    .executeTakeFirst()
  if (!row) throw new NocturneError('not_found')
  return row
}

/**
 * Returns the sealed original as one complete OpenPGP message. The event is durable before the
 * first byte is sent.
 * @throws NocturneError `quarantine_not_held`
 */
export async function readHeld(
  rooms: TransferRooms,
  actor: Actor,
  held: QuarantineTable,
): Promise<SealedObject> {
  if (held.state !== 'held') throw new NocturneError('quarantine_not_held')
  const receipt = await rooms.ledger.note({
    type: 'quarantine.read',
    outcome: 0,
    actor,
    facility: held.facility,
    transfer: held.transfer,
    item: held.idx,
    detail: { code: held.code, size: held.size },
  })
  return sealedForFacility(rooms, receipt, held)
}

/**
 * Deletes the objects of decided items. Two gateways may run this at the same time, because
 * deleting twice succeeds.
 */
export async function removeDecided({ state, store, now }: TransferRooms): Promise<void> {
  const rows = await state.db
    .selectFrom('quarantine')
    .select(['id', 'object'])
    .where('state', '<>', 'held')
    .where('removed_at', 'is', null)
    .limit(1_000)
    .execute()
  for (const { id, object } of rows) {
    await store.delete(object)
    await state.transaction((tx) =>
      tx.updateTable('quarantine').set({ removed_at: now() }).where('id', '=', id).execute(),
    )
  }
}
