/**
 * Envelopes that are committed item by item. After a crash or a store failure, what was
 * acknowledged stays, with its crosswalk entries, and objects that no commit refers to are deleted.
 */
import { newId, randomName } from '../lib/ids.js'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { Tx } from '../state/index.js'
import type { BegunEnvelope } from './begin.js'
import type { TransferRooms } from './rooms.js'
import { claimEnvelope, insertCrosswalk } from './rows.js'
import { namedObjects } from './stored/expiry.js'
import type { StoredCrosswalk } from './upload/crosswalk.js'
import type { StoredItem } from '../store/index.js'
import { SYSTEM } from '../lib/actors.js'

/**
 * Checks that the envelope still belongs to this gateway. Returns whether this is its first commit.
 * @throws NocturneError `transfer_not_open`
 */
export async function growEnvelope(tx: Tx, envelope: string): Promise<boolean> {
  const row = await tx
    .selectFrom('envelopes')
    .select('state')
    .where('id', '=', envelope)
    .executeTakeFirst()
  if (row?.state === 'growing') return false
  if (row?.state !== 'receiving') throw new NocturneError('transfer_not_open')
  await tx.updateTable('envelopes').set({ state: 'growing' }).where('id', '=', envelope).execute()
  return true
}

/**
 * Returns how many items the envelope holds.
 * @throws NocturneError `transfer_not_open` when the sweep came first
 */
export async function finishEnvelope(
  tx: Tx,
  begun: BegunEnvelope,
  crosswalk: StoredCrosswalk | undefined,
  now: number,
): Promise<number> {
  const { envelope } = begun
  await claimEnvelope(tx, envelope, 'growing')
  if (crosswalk) await insertCrosswalk(tx, begun, crosswalk, now)
  await tx.deleteFrom('crosswalk_pieces').where('envelope', '=', envelope).execute()
  const { count } = await tx
    .selectFrom('items')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('transfer', '=', begun.transfer)
    .where('envelope', '=', envelope)
    .where('outcome', '=', 'accepted')
    .executeTakeFirstOrThrow()
  return count
}

interface LeftEnvelope {
  readonly id: string
  readonly transfer: string
}

/**
 * Cleans up an abandoned envelope. Marks it `settling` first, so that a gateway that was merely
 * slow can no longer commit to it. Every step after that can be repeated: crosswalk pieces become
 * crosswalks, unreferenced objects are deleted, and the state changes last.
 */
export async function settleGrowing(rooms: TransferRooms, left: LeftEnvelope): Promise<void> {
  if (!(await fence(rooms, left))) return
  await keepPieces(rooms, left)
  await deleteUnnamed(rooms, left)
  try {
    await rooms.ledger.record(async (tx) => {
      const row = await tx
        .updateTable('envelopes')
        .set({ state: 'committed', lease_until: 0 })
        .where('id', '=', left.id)
        .where('state', '=', 'settling')
        .returning('id')
        .executeTakeFirst()
      // Another sweep was first: each begin event gets exactly one end event.
      if (!row) throw new NocturneError('not_found')
      const { facility, group_id: group } = await transferOf(tx, left.transfer)
      return {
        value: undefined,
        events: [
          {
            type: 'transfer.extended',
            outcome: 4,
            actor: SYSTEM,
            ...{ facility, group, transfer: left.transfer },
            detail: { envelope: left.id, code: 'process_died' },
          },
        ],
      }
    })
  } catch (error) {
    if (asNocturneError(error).code !== 'not_found') throw error
  }
}

async function fence({ state }: TransferRooms, { id }: LeftEnvelope): Promise<boolean> {
  const row = await state.transaction((tx) =>
    tx
      .updateTable('envelopes')
      .set({ state: 'settling' })
      .where('id', '=', id)
      .where('state', 'in', ['growing', 'settling'])
      .returning('id')
      .executeTakeFirst(),
  )
  return row !== undefined
}

async function keepPieces(rooms: TransferRooms, { id, transfer }: LeftEnvelope): Promise<void> {
  const pieces = await rooms.state.db
    .selectFrom('crosswalk_pieces')
    .selectAll()
    .where('envelope', '=', id)
    .execute()
  for (const piece of pieces) {
    const key = `t/${transfer}/${id}/${randomName()}`
    const stored = await rooms.store.put(key, rooms.sealedMessage(piece.message))
    await rooms.state.transaction(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('crosswalk_pieces')
        .where('envelope', '=', id)
        .where('seq', '=', piece.seq)
        .executeTakeFirst()
      // Another sweep has already kept this piece; our object is unreferenced and will be deleted.
      if (numDeletedRows !== 1n) return
      await insertPiece(tx, rooms.now(), {
        transfer,
        stored,
        key: piece.key_id,
        items: piece.items,
      })
    })
  }
}

/** Every crosswalk belongs to an envelope; this piece gets an empty one of its own. */
async function insertPiece(
  tx: Tx,
  now: number,
  piece: {
    readonly transfer: string
    readonly stored: StoredItem
    readonly key: string
    readonly items: number
  },
): Promise<void> {
  const { transfer, stored, key, items } = piece
  const { facility } = await transferOf(tx, transfer)
  const envelope = newId(now)
  await tx
    .insertInto('envelopes')
    .values({ id: envelope, transfer, state: 'committed', format: 'seipd1', lease_until: 0 })
    .execute()
  await tx
    .insertInto('crosswalks')
    .values({
      envelope,
      facility,
      transfer,
      key_id: key,
      object: stored.key,
      size: stored.size,
      items,
      created_at: now,
    })
    .execute()
}

async function deleteUnnamed(rooms: TransferRooms, { id, transfer }: LeftEnvelope): Promise<void> {
  const { objects: named } = await namedObjects(rooms.state.db, transfer)
  for await (const key of rooms.store.list(`t/${transfer}/${id}/`)) {
    if (!named.has(key)) await rooms.store.delete(key)
  }
}

const transferOf = (tx: Tx, id: string) =>
  tx
    .selectFrom('transfers')
    .select(['facility', 'group_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
