/**
 * Removal of contents past the retention of the site, as far as this room's tables go: rows change
 * inside the caller's transaction, and the caller deletes the objects afterwards.
 */
import type { Db, Tx } from '../../state/index.js'
import type { QuarantineTable, TransferTable } from '../../state/tables/index.js'

/** What was removed of one transfer. */
export interface Expired {
  readonly transfer: string
  readonly facility: string
  readonly group: string
  readonly patient: string | null
  /** Number of key packets that were deleted. */
  readonly packets: number
  /** Keys of the objects to delete. */
  readonly objects: readonly string[]
}

/** Whether more items may still arrive in any of them. */
export async function isAnyArriving(tx: Db | Tx, transfers: readonly string[]): Promise<boolean> {
  if (transfers.length === 0) return false
  const row = await tx
    .selectFrom('transfers')
    .select('id')
    .where('id', 'in', transfers)
    .where('state', 'in', ['receiving', 'open'])
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Number of objects of the contents of these transfers, and the size of their plaintext in bytes.
 */
export async function sizeOfContents(
  db: Db,
  transfers: readonly string[],
): Promise<{ readonly objects: number; readonly bytes: number }> {
  if (transfers.length === 0) return { objects: 0, bytes: 0 }
  const rows = await db
    .selectFrom('transfers')
    .select(['item_count', 'byte_count'])
    .where('id', 'in', transfers)
    .where('state', 'in', ['available', 'acknowledged'])
    .execute()
  return {
    // Each has its manifest besides.
    objects: rows.reduce((sum, { item_count }) => sum + item_count + 1, 0),
    bytes: rows.reduce((sum, { byte_count }) => sum + byte_count, 0),
  }
}

/**
 * Deletes the key packets of the transfers, after which nobody can open them. They are no longer
 * available, are not recognized when their files are sent again, and their instances no longer
 * count as deposited.
 */
export async function expireContents(
  tx: Tx,
  transfers: readonly string[],
): Promise<readonly Expired[]> {
  const expired: Expired[] = []
  for (const id of transfers) {
    const row = await tx
      .selectFrom('transfers')
      .selectAll()
      .where('id', '=', id)
      .where('state', 'in', ['available', 'acknowledged'])
      .executeTakeFirst()
    if (row) expired.push(await expireOne(tx, row))
  }
  return expired
}

/** Also for a transfer that never became available. */
export async function expireOne(tx: Tx, row: TransferTable): Promise<Expired> {
  const { id: transfer, facility, group_id: group, patient, manifest_object: manifest } = row
  const envelopes = tx.selectFrom('envelopes').select('id').where('transfer', '=', transfer)
  const { numDeletedRows: packets } = await tx
    .deleteFrom('key_packets')
    .where('envelope', 'in', envelopes)
    .executeTakeFirst()
  await tx.deleteFrom('proof_keys').where('envelope', 'in', envelopes).execute()
  await tx.deleteFrom('deposits').where('transfer', '=', transfer).execute()
  const items = await tx
    .selectFrom('items')
    .select('object')
    .where('transfer', '=', transfer)
    .where('object', 'is not', null)
    .execute()
  await tx.updateTable('items').set({ object: null }).where('transfer', '=', transfer).execute()
  await tx
    .updateTable('transfers')
    .set({ state: 'expired', manifest_object: null, claimed_by: null, claimed_at: null })
    .where('id', '=', transfer)
    .execute()
  const objects = [manifest, ...items.map(({ object }) => object)].filter((one) => one !== null)
  return { transfer, facility, group, patient, packets: Number(packets), objects }
}

/** Deletes the rows of the crosswalks of these transfers. */
export async function expireCrosswalks(
  tx: Tx,
  transfers: readonly string[],
): Promise<readonly Expired[]> {
  const expired: Expired[] = []
  for (const transfer of transfers) {
    const rows = await tx
      .deleteFrom('crosswalks')
      .where('transfer', '=', transfer)
      .returning('object')
      .execute()
    const about = await tx
      .selectFrom('transfers')
      .select(['facility', 'group_id', 'patient'])
      .where('id', '=', transfer)
      .executeTakeFirst()
    if (rows.length === 0 || !about) continue
    const { facility, group_id: group, patient } = about
    const objects = rows.map(({ object }) => object)
    expired.push({ transfer, facility, group, patient, packets: 0, objects })
  }
  return expired
}

/** Items that have been held since then or longer, by ID. */
export const heldSince = (
  db: Db,
  { before, after, limit }: Record<'before' | 'limit', number> & { readonly after: string },
): Promise<QuarantineTable[]> =>
  db
    .selectFrom('quarantine')
    .selectAll()
    .where('state', '=', 'held')
    .where('created_at', '<=', before)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()

/** Returns false when the facility has decided about the item in the meantime. */
export async function expireHeld(tx: Tx, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('quarantine')
    .set({ state: 'discarded', decided_at: now, removed_at: now })
    .where('id', '=', id)
    .where('state', '=', 'held')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * Which of these objects a row of this room still names; objects that are still being written are
 * named by none.
 */
export async function namedObjects(
  db: Db,
  transfer: string,
): Promise<{ readonly isExpired: boolean; readonly objects: ReadonlySet<string> }> {
  const row = await db
    .selectFrom('transfers')
    .select(['state', 'manifest_object'])
    .where('id', '=', transfer)
    .executeTakeFirst()
  const items = db.selectFrom('items').select('object').where('transfer', '=', transfer)
  const crosswalks = db.selectFrom('crosswalks').select('object').where('transfer', '=', transfer)
  const held = db
    .selectFrom('quarantine')
    .select('object')
    .where('transfer', '=', transfer)
    .where('removed_at', 'is', null)
  const rows = [
    ...(await items.execute()),
    ...(await crosswalks.execute()),
    ...(await held.execute()),
    { object: row?.manifest_object ?? null },
  ]
  return {
    isExpired: row?.state === 'expired',
    objects: new Set(rows.flatMap(({ object }) => object ?? [])),
  }
}
