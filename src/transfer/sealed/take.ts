/** Stores one data packet of a transfer that was sealed at a facility. */
import { NocturneError } from '../../lib/errors.js'
import { randomName } from '../../lib/ids.js'
import { readSealed } from '../../protocol/sealing/statement.js'
import type { SealedTransfer } from '../../protocol/sealing/statement.js'
import type { TransferRooms } from '../rooms.js'
import { findSealed, SEALED_LEASE_MS, stateOf } from './begin.js'
import type { SealedRow, SealedSender } from './begin.js'

/** A transfer that the edge itself began. */
export interface OwnSealed {
  readonly row: SealedRow
  readonly stated: SealedTransfer
  readonly envelopes: readonly string[]
}

/**
 * @throws NocturneError `not_found`, also for one that another edge began; `transfer_not_open` once
 *   it is complete
 */
export async function ownSealed(
  { state }: Pick<TransferRooms, 'state'>,
  { actor, facility }: SealedSender,
  transfer: string,
): Promise<OwnSealed> {
  const row = await findSealed(state.db, transfer)
  if (row?.edge !== actor.id) throw new NocturneError('not_found')
  if (row.statement === null) throw new NocturneError('transfer_not_open')
  const stated = readSealed(row.statement)
  if (stated?.facility !== facility) throw new NocturneError('not_found')
  return { row, stated, envelopes: JSON.parse(row.envelopes) as readonly string[] }
}

/**
 * Resolves when the packet is durable. One that is there already is not stored again.
 *
 * @param index item number; 0 is the manifest
 * @throws NocturneError `not_found`, `transfer_not_open`, `sealed_content_wrong`; store errors
 */
export async function takeSealed(
  rooms: TransferRooms,
  sender: SealedSender,
  packet: {
    readonly transfer: string
    readonly index: number
    readonly octets: AsyncIterable<Uint8Array>
  },
): Promise<{ readonly id: string; readonly index: number; readonly size: number }> {
  const { transfer, index } = packet
  const { stated, envelopes } = await ownSealed(rooms, sender, transfer)
  const expected = expectedOf(stated, index)
  const answer = { id: transfer, index, size: expected.size }
  if (await isThere(rooms, transfer, index)) return answer
  if ((await stateOf(rooms.state.db, transfer)) !== 'receiving')
    throw new NocturneError('transfer_not_open')
  const sealed = rooms.receivedPacket(packet.octets, expected)
  // Under the prefix of its envelope, the sweep finds what no row names.
  const key = `t/${transfer}/${envelopes[expected.envelope] ?? ''}/${randomName()}`
  const stored = await rooms.store.put(key, sealed)
  const isFirst = await rooms.state.transaction(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('envelopes')
      .set({ lease_until: rooms.now() + SEALED_LEASE_MS })
      .where('transfer', '=', transfer)
      .where('state', '=', 'uploading')
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new NocturneError('transfer_not_open')
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('sealed_objects')
      .values({ transfer, idx: index, object: stored.key, size: stored.size })
      .onConflict((conflict) => conflict.columns(['transfer', 'idx']).doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  })
  if (!isFirst) await rooms.store.delete(stored.key)
  return answer
}

/** @throws NocturneError `not_found` */
function expectedOf({ items, envelopes, manifest }: SealedTransfer, index: number) {
  if (index === 0) return { ...manifest.ciphertext, format: manifest.envelope.format, envelope: 0 }
  const item = items.find((one) => one.index === index)
  const format = item && envelopes[item.envelope]?.format
  if (!item || !format) throw new NocturneError('not_found')
  return { ...item.ciphertext, format, envelope: item.envelope }
}

async function isThere(
  { state }: Pick<TransferRooms, 'state'>,
  transfer: string,
  index: number,
): Promise<boolean> {
  const row = await state.db
    .selectFrom('sealed_objects')
    .select('idx')
    .where('transfer', '=', transfer)
    .where('idx', '=', index)
    .executeTakeFirst()
  return row !== undefined
}
