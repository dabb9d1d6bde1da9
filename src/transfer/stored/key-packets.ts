/**
 * The key packets of a transfer: those made when it was sealed, and those that a key holder added
 * later. An added packet is unproven until its recipient has opened the envelope with it: only then
 * is it known to hold the right session key. An unproven packet replaces nothing that works, and
 * anyone who can open the transfer can replace or remove it.
 */
import { sql } from 'kysely'
import { NocturneError } from '../../lib/errors.js'
import type { DataFormat } from '../../seal/index.js'
import type { State, Tx } from '../../state/index.js'
import type { KeyPacketTable } from '../../state/tables/index.js'
import type { Transfer } from '../find.js'

/** An added packet with which its recipient has not yet opened anything; see the top. */
const unprovenIn = (table: string) =>
  sql<boolean>`(${sql.ref(`${table}.added_by`)} is not null and ${sql.ref(`${table}.proven_at`)} is null)`

const IS_UNPROVEN = unprovenIn('key_packets').as('is_unproven')

/** The key packet of one envelope for one certificate. */
export interface KeyPacketRow extends Pick<
  KeyPacketTable,
  'envelope' | 'fingerprint' | 'recipient' | 'packet'
> {
  readonly format: DataFormat
  /** Who added it after sealing, if anybody. */
  readonly addedBy: string | undefined
  /** False for an added packet with which its recipient has not yet opened anything. */
  readonly isProven: boolean
}

/** The key packets that a recipient adds to an envelope on behalf of another. */
export interface AddedPackets {
  readonly recipient: string
  readonly fingerprint: string
  readonly packets: readonly { readonly envelope: string; readonly packet: Buffer }[]
  readonly addedBy: string
}

/**
 * All key packets of the transfer. Refused while it is open, because further envelopes may come.
 * @throws NocturneError `transfer_not_available`, `content_expired`
 */
export async function keyPackets(
  { db }: Pick<State, 'db'>,
  transfer: Transfer,
): Promise<KeyPacketRow[]> {
  if (transfer.state === 'expired') throw new NocturneError('content_expired')
  if (transfer.state !== 'available' && transfer.state !== 'acknowledged')
    throw new NocturneError('transfer_not_available')
  const rows = await db
    .selectFrom('key_packets')
    .innerJoin('envelopes', 'envelopes.id', 'key_packets.envelope')
    .selectAll('key_packets')
    .select(['envelopes.format', IS_UNPROVEN])
    .where('envelopes.transfer', '=', transfer.id)
    .where('envelopes.state', '=', 'committed')
    .orderBy('key_packets.envelope')
    .execute()
  return rows.map(({ envelope, fingerprint, recipient, packet, format, ...row }) => ({
    ...{ envelope, fingerprint, recipient, packet, format },
    addedBy: row.added_by ?? undefined,
    isProven: !row.is_unproven,
  }))
}

/**
 * What opens the envelope for one recipient: their key packets, one after the other. There are
 * several after a new certificate; those known to open come first. Undefined if the envelope is not
 * sealed to them.
 */
export async function keyPacketFor(
  { db }: Pick<State, 'db'>,
  envelope: string,
  recipient: string,
): Promise<Pick<KeyPacketTable, 'packet' | 'fingerprint'> | undefined> {
  const rows = await db
    .selectFrom('key_packets')
    .select(['packet', 'fingerprint', IS_UNPROVEN])
    .where('envelope', '=', envelope)
    .where('recipient', '=', recipient)
    .orderBy('fingerprint')
    .execute()
  const sorted = rows.sort((a, b) => Number(a.is_unproven) - Number(b.is_unproven))
  const [first] = sorted
  if (!first) return undefined
  return {
    fingerprint: first.fingerprint,
    packet: Buffer.concat(sorted.map(({ packet }) => packet)),
  }
}

/**
 * Adds packets as unproven, in place of unproven ones for the same recipient. Packets that are
 * known to open stay. Runs in the caller's transaction.
 */
export async function addKeyPackets(
  tx: Tx,
  { recipient, fingerprint, packets, addedBy }: AddedPackets,
): Promise<void> {
  await removeKeyPackets(
    tx,
    recipient,
    packets.map(({ envelope }) => envelope),
    'unproven',
  )
  for (const { envelope, packet } of packets)
    await tx
      .insertInto('key_packets')
      .values({
        ...{ envelope, fingerprint, recipient, packet },
        added_by: addedBy,
        proven_at: null,
      })
      // Of the envelopes sealed to this certificate, some may be known to open.
      .onConflict((conflict) => conflict.columns(['envelope', 'fingerprint']).doNothing())
      .execute()
}

/** Runs in the caller's transaction. */
export async function removeKeyPackets(
  tx: Tx,
  recipient: string,
  envelopes: Iterable<string>,
  which: 'all' | 'unproven',
): Promise<void> {
  for (const envelope of envelopes)
    await tx
      .deleteFrom('key_packets')
      .where('envelope', '=', envelope)
      .where('recipient', '=', recipient)
      .$if(which === 'unproven', (query) => query.where(unprovenIn('key_packets')))
      .execute()
}

/**
 * Marks the recipient's added packets as proven, after they have shown that they opened the
 * envelopes of the transfer (`manifest`: only that of the manifest). Where a packet for another
 * certificate of theirs was known to open, that may be the one they used, so nothing is marked.
 * Runs in the caller's transaction.
 */
export async function proveKeyPackets(
  tx: Tx,
  opened: { readonly recipient: string; readonly transfer: string; readonly at: number },
  which: 'all' | 'manifest',
): Promise<void> {
  const { recipient, transfer, at } = opened
  const envelopes = tx
    .selectFrom('envelopes')
    .select('envelopes.id')
    .where('envelopes.transfer', '=', transfer)
    .$if(which === 'manifest', (query) =>
      query
        .innerJoin('transfers', 'transfers.manifest_envelope', 'envelopes.id')
        .where('transfers.id', '=', transfer),
    )
  const known = tx
    .selectFrom('key_packets as other')
    .select('other.envelope')
    .where('other.recipient', '=', recipient)
    .where((eb) => eb.not(unprovenIn('other')))
  await tx
    .updateTable('key_packets')
    .set({ proven_at: at })
    .where('recipient', '=', recipient)
    .where('envelope', 'in', envelopes)
    .where('envelope', 'not in', known)
    .execute()
}

/** What a reader needs to prove that they can open a transfer. */
export interface OpenableTransfer {
  readonly transfer: string
  /**
   * Proof key of the manifest's envelope; undefined for envelopes sealed by versions without proof
   * keys.
   */
  readonly proofKey: string | undefined
  /**
   * Fingerprints of the certificates that the reader's key packets are for, without packets that
   * are unproven.
   */
  readonly fingerprints: readonly string[]
}

/** The first of the transfers whose manifest is sealed to the reader, or undefined. */
export async function openableBy(
  { db }: Pick<State, 'db'>,
  reader: string,
  transfers: readonly string[],
): Promise<OpenableTransfer | undefined> {
  if (transfers.length === 0) return undefined
  const rows = await db
    .selectFrom('transfers')
    .innerJoin('key_packets', 'key_packets.envelope', 'transfers.manifest_envelope')
    .leftJoin('proof_keys', 'proof_keys.envelope', 'transfers.manifest_envelope')
    .select(['transfers.id', 'key_packets.fingerprint', 'proof_keys.public_key'])
    .select(IS_UNPROVEN)
    .where('transfers.id', 'in', transfers)
    .where('key_packets.recipient', '=', reader)
    // Those that the reader is known to open come first.
    .orderBy(unprovenIn('key_packets'))
    .orderBy('transfers.available_at')
    .execute()
  const [first] = rows
  if (!first) return undefined
  const fingerprints = rows
    .filter((row) => row.id === first.id && !row.is_unproven)
    .map(({ fingerprint }) => fingerprint)
  return { transfer: first.id, proofKey: first.public_key ?? undefined, fingerprints }
}

/**
 * Marks the reader's added packet of the manifest as proven. Nothing is written in the usual case,
 * that it was made when the transfer was sealed.
 */
export async function manifestOpened(
  { state, now }: { readonly state: Pick<State, 'db' | 'transaction'>; readonly now: () => number },
  recipient: string,
  transfer: string,
): Promise<void> {
  const row = await state.db
    .selectFrom('key_packets')
    .innerJoin('transfers', 'transfers.manifest_envelope', 'key_packets.envelope')
    .select('key_packets.envelope')
    .where('transfers.id', '=', transfer)
    .where('key_packets.recipient', '=', recipient)
    .where(unprovenIn('key_packets'))
    .executeTakeFirst()
  if (!row) return
  await state.transaction((tx) =>
    proveKeyPackets(tx, { recipient, transfer, at: now() }, 'manifest'),
  )
}
