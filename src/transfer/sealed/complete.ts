/** Makes a transfer that was sealed at a facility visible, in one transaction with its events. */
import { NocturneError } from '../../lib/errors.js'
import type { EventInput } from '../../ledger/log/index.js'
import type { SealedItem, SealedTransfer } from '../../protocol/sealing/statement.js'
import type { KeyPacket } from '../../seal/index.js'
import type { Tx } from '../../state/index.js'
import type { ItemTable } from '../../state/tables/index.js'
import { arrivingOf } from '../begin.js'
import type { CompletedTransfer } from '../complete.js'
import { manifestDetail } from '../events.js'
import type { SealedManifest } from '../manifest.js'
import { countUsage } from '../quota.js'
import type { TransferRooms } from '../rooms.js'
import { claimEnvelope, insertKeyPackets, insertManifest } from '../rows.js'
import { findSealed, stateOf, wantedOf } from './begin.js'
import type { SealedSender } from './begin.js'
import { bytesOf, checkRecipients, packetsOf } from './check.js'
import { ownSealed } from './take.js'
import type { OwnSealed } from './take.js'

const ROWS_AT_ONCE = 500

/**
 * Repeated after a lost answer, it returns what it returned the first time. The recipients are
 * checked again: a reader that was revoked meanwhile gets no key packet.
 *
 * @throws NocturneError `not_found`, `sealed_incomplete`, `transfer_not_open`, `recipients_wrong`,
 *   `recipient_unusable`; ledger errors
 */
export async function completeSealed(
  rooms: TransferRooms,
  sender: SealedSender,
  transfer: string,
): Promise<CompletedTransfer> {
  const before = await completedBefore(rooms, sender, transfer)
  if (before) return before
  const own = await ownSealed(rooms, sender, transfer)
  const { stated } = own
  const state = await stateOf(rooms.state.db, transfer)
  if (state !== 'receiving') throw new NocturneError('transfer_not_open')
  if ((await wantedOf(rooms, stated, state)).length > 0)
    throw new NocturneError('sealed_incomplete')
  const kept = await checkRecipients(rooms, stated)
  const packets: (readonly KeyPacket[])[] = []
  for (const one of stated.envelopes) packets.push(await packetsOf(rooms, stated, one, kept))
  const ofManifest = await packetsOf(rooms, stated, stated.manifest.envelope, kept)
  const { receipts } = await rooms.ledger.record(async (tx) => {
    await rooms.expectSender(tx, sender)
    const objects = await objectsOf(tx, transfer)
    const at = objects.get(0)
    if (!at) throw new NocturneError('sealed_incomplete')
    for (const [i, envelope] of own.envelopes.entries()) {
      await claimEnvelope(tx, envelope, 'uploading')
      const { proofKey } = stated.envelopes[i] ?? { proofKey: '' }
      await insertKeyPackets(tx, envelope, { proofKey, keyPackets: packets[i] ?? [] })
    }
    await insertItems(tx, rooms, own, objects)
    const { format, proofKey } = stated.manifest.envelope
    const manifest: SealedManifest = {
      ...{ digest: stated.manifest.sha256, object: at.object, size: at.size },
      ...{ format, proofKey, keyPackets: ofManifest },
    }
    await insertManifest(tx, transfer, manifest, rooms.now())
    await tx.deleteFrom('sealed_objects').where('transfer', '=', transfer).execute()
    await tx
      .updateTable('sealed_transfers')
      .set({ statement: null })
      .where('transfer', '=', transfer)
      .execute()
    return { value: undefined, events: await eventsOf(rooms, tx, sender, own, manifest) }
  })
  const last = receipts.at(-1) ?? receipts[0]
  return { id: transfer, state: 'available', receipt: await rooms.ledger.proof(last.index) }
}

async function completedBefore(
  rooms: TransferRooms,
  { actor }: SealedSender,
  transfer: string,
): Promise<CompletedTransfer | undefined> {
  const row = await findSealed(rooms.state.db, transfer)
  if (row?.statement !== null || row.edge !== actor.id) return undefined
  const index = await availableEvent(rooms, transfer)
  if (index === undefined) return undefined
  return { id: transfer, state: 'available', receipt: await rooms.ledger.proof(index) }
}

/** Index of the event that made the transfer available. */
export async function availableEvent(
  { ledger }: Pick<TransferRooms, 'ledger'>,
  transfer: string,
): Promise<number | undefined> {
  const { rows } = await ledger.query({ types: ['transfer.available'], transfer, limit: 1 })
  return rows[0]?.index
}

async function objectsOf(tx: Tx, transfer: string) {
  const rows = await tx
    .selectFrom('sealed_objects')
    .select(['idx', 'object', 'size'])
    .where('transfer', '=', transfer)
    .execute()
  return new Map(rows.map(({ idx, ...one }) => [idx, one]))
}

async function insertItems(
  tx: Tx,
  rooms: TransferRooms,
  { stated, envelopes }: OwnSealed,
  objects: Awaited<ReturnType<typeof objectsOf>>,
): Promise<void> {
  const { transfer, items, others } = stated
  const now = rooms.now()
  const accepted = items.map((one): ItemTable => {
    const stored = objects.get(one.index)
    if (!stored) throw new NocturneError('sealed_incomplete')
    return {
      ...blank(transfer, one.index, envelopes[one.envelope] ?? '', now),
      ...{ kind: one.kind, outcome: 'accepted', object: stored.object, sealed_size: stored.size },
      ...{ sealed_digest: one.ciphertext.sha256, plain_size: one.size },
    }
  })
  const kept = others.map(({ index, outcome }): ItemTable => ({
    ...blank(transfer, index, envelopes[0] ?? '', now),
    outcome,
  }))
  const rows = [...accepted, ...kept]
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await tx
      .insertInto('items')
      .values(rows.slice(at, at + ROWS_AT_ONCE))
      .execute()
  const { numUpdatedRows } = await tx
    .updateTable('transfers')
    .set({
      state: 'available',
      item_count: items.length,
      byte_count: bytesOf(stated),
      next_index: rows.length + 1,
    })
    .where('id', '=', transfer)
    .where('state', '=', 'receiving')
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NocturneError('transfer_not_open')
  const bytes = accepted.reduce((sum, { sealed_size: size }) => sum + (size ?? 0), 0)
  await countUsage(tx, stated, bytes, now)
}

/** What only the facility knows stays null. */
const blank = (transfer: string, idx: number, envelope: string, now: number): ItemTable => ({
  ...{ transfer, idx, envelope, kind: 'unknown', outcome: 'refused', code: null, object: null },
  ...{ sealed_size: null, sealed_digest: null, plain_size: null, content_handle: null },
  ...{ instance_handle: null, source_handle: null, manifest_entry: null, patient: null },
  order_handle: null,
  created_at: now,
})

async function eventsOf(
  rooms: TransferRooms,
  tx: Tx,
  { actor }: SealedSender,
  { row, stated }: OwnSealed,
  manifest: SealedManifest,
): Promise<[EventInput, ...EventInput[]]> {
  const { facility, group, transfer, priority, items, others } = stated
  const common = { actor, facility, group, transfer }
  const modalities = items.flatMap(({ modality }) => modality ?? [])
  const joined = await caseOf(rooms, tx, stated)
  const target = { facility, group, priority, ...(joined && { case: joined }) }
  const arriving = { id: transfer, isAvailable: true, patient: undefined, modalities }
  const cased = await rooms.cases.arrive(tx, actor, arrivingOf(target, arriving))
  const last: EventInput = {
    ...{ ...common, type: 'transfer.available' },
    outcome: others.every(({ outcome }) => outcome === 'duplicate') ? 0 : 4,
    detail: {
      ...{ items: items.length + others.length, accepted: items.length },
      ...manifestDetail(manifest),
      sealedBy: { edge: row.edge, fingerprint: row.fingerprint, statement: row.digest },
    },
  }
  const [first, ...rest] = [...items.map((one) => itemEvent(common, one)), ...others.map(otherOf)]
  return first ? [first, ...rest, ...cased, last] : [last]

  function otherOf({ index, outcome }: SealedTransfer['others'][number]): EventInput {
    const isGood = outcome === 'duplicate'
    return { ...common, type: `item.${outcome}`, outcome: isGood ? 0 : 4, item: index, detail: {} }
  }
}

const itemEvent = (
  common: Pick<EventInput, 'actor' | 'facility' | 'group' | 'transfer'>,
  { index, kind, size, ciphertext, study, modality }: SealedItem,
): EventInput => ({
  ...{ ...common, type: 'item.accepted', outcome: 0, item: index },
  detail: {
    ...{ kind, size, ciphertext: ciphertext.sha256 },
    ...(study !== undefined && { study }),
    ...(modality !== undefined && { modality }),
  },
})

/** The case that the transfer joins, if it is one of the facility and still known. */
async function caseOf(
  { cases }: Pick<TransferRooms, 'cases'>,
  tx: Tx,
  { joins, facility }: SealedTransfer,
): Promise<string | undefined> {
  if (joins === undefined) return undefined
  const found = (await cases.ofTransfers(tx, [joins])).get(joins)
  return found?.facility === facility ? found.id : undefined
}
