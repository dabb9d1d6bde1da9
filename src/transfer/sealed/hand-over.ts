/** At the facility: transfers that were sealed here, until the gateway has them. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { SYSTEM } from '../../lib/actors.js'
import { MODALITY } from '../../protocol/sealing/statement.js'
import type { SealedEnvelope, SealedTransfer } from '../../protocol/sealing/statement.js'
import type { Transfer } from '../find.js'
import { transferOf } from '../find.js'
import type { TransferRooms } from '../rooms.js'

/** As whom the edge states it, and to whom. */
export interface Identity {
  readonly gateway: string
  readonly edge: string
  readonly fingerprint: string
  readonly certificate: string
}

/** A transfer as the gateway takes it over. */
export interface HandOver {
  readonly stated: SealedTransfer
  /** Data packets by item number; 0 is the manifest. */
  readonly objects: ReadonlyMap<number, { readonly object: string; readonly size: number }>
}

/** Sealed and complete, and not yet taken over by the gateway; oldest first. */
export async function waitingTransfers(
  { state: { db } }: Pick<TransferRooms, 'state'>,
  limit: number,
): Promise<readonly Transfer[]> {
  const rows = await db
    .selectFrom('transfers')
    .selectAll()
    .where('state', '=', 'available')
    .where('id', 'not in', db.selectFrom('sealed_transfers').select('transfer'))
    .orderBy('available_at')
    .limit(limit)
    .execute()
  return rows.map(transferOf)
}

/**
 * The statement about a transfer. It is the same every time, so that the gateway recognizes it
 * after a lost answer.
 *
 * @param joins an earlier transfer of its case
 * @throws NocturneError `transfer_not_available`; `store_unavailable`, `object_missing`
 */
export async function describeSealed(
  rooms: TransferRooms,
  { id, facility, group, priority, availableAt, missing, manifest }: Transfer,
  { gateway, edge, fingerprint }: Identity,
  joins: string | undefined,
): Promise<HandOver> {
  if (!manifest || availableAt === undefined) throw new NocturneError('transfer_not_available')
  const rows = await rooms.state.db
    .selectFrom('items')
    .select(['idx', 'envelope', 'kind', 'outcome', 'object', 'sealed_size'])
    .select(['sealed_digest', 'plain_size'])
    .where('transfer', '=', id)
    .orderBy('idx')
    .execute()
  const facts = await factsOf(rooms, id)
  const objects = new Map([[0, { object: manifest.object, size: manifest.size }]])
  const names: string[] = []
  const items: SealedTransfer['items'] = []
  const others: SealedTransfer['others'] = []
  for (const row of rows) {
    const { idx: index, object, sealed_size: size, sealed_digest: sha256, outcome } = row
    if (outcome !== 'accepted') {
      others.push({ index, outcome })
      continue
    }
    if (object === null || size === null || sha256 === null)
      throw new NocturneError('object_missing')
    if (!names.includes(row.envelope)) names.push(row.envelope)
    objects.set(index, { object, size })
    items.push({
      index,
      envelope: names.indexOf(row.envelope),
      kind: row.kind === 'instance' ? 'instance' : 'document',
      size: row.plain_size ?? 0,
      ciphertext: { sha256, size },
      ...facts.get(index),
    })
  }
  const envelopes: SealedEnvelope[] = []
  for (const one of names) envelopes.push(await envelopeOf(rooms, one))
  const ofManifest = await envelopeOf(rooms, manifest.envelope)
  const ciphertext = { sha256: await digestOf(rooms, manifest.object), size: manifest.size }
  const stated: SealedTransfer = {
    ...{ gateway, facility, group, priority, edge, fingerprint, transfer: id },
    ...(joins !== undefined && { joins }),
    recipients: ofManifest.packets.map((one) => one.fingerprint),
    sealedAt: new Date(availableAt).toISOString(),
    ...{ missing, envelopes, items, others },
    manifest: { sha256: manifest.digest, ciphertext, envelope: ofManifest },
  }
  return { stated, objects }
}

/** Study and modality as the ledger has them; a modality that is no code string is left out. */
async function factsOf({ ledger }: TransferRooms, transfer: string) {
  const facts = new Map<number, { study?: string; modality?: string }>()
  for (let start = 0; ;) {
    const { rows, next } = await ledger.query({
      ...{ types: ['item.accepted'], transfer, start, limit: 1_000 },
    })
    for (const { index, entry } of rows) {
      const { study, modality } = entry.detail ?? {}
      const isCode = typeof modality === 'string' && MODALITY.test(modality)
      facts.set(entry.item ?? 0, {
        ...(typeof study === 'string' && { study }),
        ...(isCode && { modality }),
      })
      start = index + 1
    }
    if (next === undefined) return facts
  }
}

async function envelopeOf(
  { state: { db } }: TransferRooms,
  envelope: string,
): Promise<SealedEnvelope> {
  const row = await db
    .selectFrom('envelopes')
    .innerJoin('proof_keys', 'proof_keys.envelope', 'envelopes.id')
    .select(['envelopes.format', 'proof_keys.public_key'])
    .where('envelopes.id', '=', envelope)
    .executeTakeFirstOrThrow()
  const packets = await db
    .selectFrom('key_packets')
    .select(['fingerprint', 'packet'])
    .where('envelope', '=', envelope)
    .orderBy('fingerprint')
    .execute()
  return {
    format: row.format,
    proofKey: row.public_key,
    packets: packets.map(({ fingerprint, packet }) => ({
      fingerprint,
      packet: Buffer.from(packet).toString('base64'),
    })),
  }
}

async function digestOf({ store }: TransferRooms, object: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of await store.get(object)) hash.update(piece)
  return hash.digest('hex')
}

/**
 * After the gateway has taken it over: records it, and removes what is sealed to the readers. A
 * crash in between leaves objects that nothing refers to; the same files sent again are still
 * recognized.
 */
export async function handedOver(
  rooms: TransferRooms,
  { id: transfer, facility, group }: Transfer,
  { edge, fingerprint, certificate }: Identity,
  statement: string,
): Promise<void> {
  const digest = createHash('sha256').update(statement).digest('hex')
  const { value: objects } = await rooms.ledger.record(async (tx) => {
    const own = tx.selectFrom('envelopes').select('id').where('transfer', '=', transfer)
    await tx.deleteFrom('key_packets').where('envelope', 'in', own).execute()
    await tx.deleteFrom('proof_keys').where('envelope', 'in', own).execute()
    const items = await tx
      .selectFrom('items')
      .select('object')
      .where('transfer', '=', transfer)
      .where('object', 'is not', null)
      .execute()
    const row = await tx
      .selectFrom('transfers')
      .select('manifest_object')
      .where('id', '=', transfer)
      .executeTakeFirst()
    await tx.updateTable('items').set({ object: null }).where('transfer', '=', transfer).execute()
    await tx
      .updateTable('transfers')
      .set({ manifest_object: null })
      .where('id', '=', transfer)
      .execute()
    await tx
      .insertInto('sealed_transfers')
      .values({
        ...{ transfer, edge, fingerprint, certificate, digest, statement: null },
        ...{ envelopes: '[]', created_at: rooms.now() },
      })
      .execute()
    const removed = [row?.manifest_object, ...items.map(({ object }) => object)]
    const keys = removed.filter((one): one is string => typeof one === 'string')
    return {
      value: keys,
      events: [
        {
          type: 'transfer.forwarded',
          outcome: 0,
          ...{ actor: SYSTEM, facility, group, transfer },
          detail: { objects: keys.length, sealedBy: { edge, fingerprint, statement: digest } },
        },
      ],
    }
  })
  for (const key of objects) await rooms.store.delete(key)
}
