/** Where the contents of a transfer are stored, and the key packets that open them. */
import { NocturneError } from '../lib/errors.js'
import type { DataFormat } from '../seal/index.js'
import type { State, Tx } from '../state/index.js'
import type { KeyPacketTable } from '../state/tables/index.js'
import type { Transfer } from './find.js'

/** The key packet of one envelope for one recipient. */
export type KeyPacketRow = KeyPacketTable & { readonly format: DataFormat }

/** One data packet of a transfer: an accepted item, or the manifest as number 0. */
export interface StoredContent {
  readonly index: number
  readonly object: string
  /** In bytes, not counting the key packet. */
  readonly size: number
  readonly envelope: string
  /**
   * Keyed handle of the patient it names. A document in a transfer for one patient has that
   * patient's handle.
   */
  readonly patient: string | undefined
}

/**
 * All key packets of the transfer. Refused while it is open, because further envelopes may come.
 * @throws NocturneError `transfer_not_available`
 */
export async function keyPackets(
  { db }: Pick<State, 'db'>,
  transfer: Transfer,
): Promise<KeyPacketRow[]> {
  if (transfer.state !== 'available' && transfer.state !== 'acknowledged')
    throw new NocturneError('transfer_not_available')
  return db
    .selectFrom('key_packets')
    .innerJoin('envelopes', 'envelopes.id', 'key_packets.envelope')
    .selectAll('key_packets')
    .select('envelopes.format')
    .where('envelopes.transfer', '=', transfer.id)
    .where('envelopes.state', '=', 'committed')
    .orderBy('key_packets.envelope')
    .execute()
}

/** The manifest, then the items; empty while there is no manifest. */
export async function storedContents(
  { db }: Pick<State, 'db'>,
  transfer: Transfer,
): Promise<StoredContent[]> {
  const { manifest } = transfer
  if (!manifest) return []
  const rows = await db
    .selectFrom('items')
    .select(['idx', 'object', 'sealed_size', 'envelope', 'patient'])
    .where('transfer', '=', transfer.id)
    .where('outcome', '=', 'accepted')
    .orderBy('idx')
    .execute()
  return [manifestOf(transfer, manifest), ...rows.flatMap((row) => contentOf(transfer, row))]
}

/** Undefined when the item does not exist or was not accepted. */
export async function storedContent(
  { db }: Pick<State, 'db'>,
  transfer: Transfer,
  index: number,
): Promise<StoredContent | undefined> {
  if (index === 0) return transfer.manifest && manifestOf(transfer, transfer.manifest)
  const row = await db
    .selectFrom('items')
    .select(['idx', 'object', 'sealed_size', 'envelope', 'patient'])
    .where('transfer', '=', transfer.id)
    .where('idx', '=', index)
    .where('outcome', '=', 'accepted')
    .executeTakeFirst()
  return row && contentOf(transfer, row)[0]
}

/** The key packet of one envelope for one recipient, if it is sealed to them. */
export async function keyPacketFor(
  { db }: Pick<State, 'db'>,
  envelope: string,
  recipient: string,
): Promise<Pick<KeyPacketTable, 'packet' | 'fingerprint'> | undefined> {
  return db
    .selectFrom('key_packets')
    .select(['packet', 'fingerprint'])
    .where('envelope', '=', envelope)
    .where('recipient', '=', recipient)
    .executeTakeFirst()
}

/** Replaces the recipient's existing key packets. Runs in the caller's transaction. */
export async function replaceKeyPackets(
  tx: Tx,
  recipient: string,
  fingerprint: string,
  packets: readonly { readonly envelope: string; readonly packet: Buffer }[],
): Promise<void> {
  for (const { envelope, packet } of packets) {
    await removeKeyPackets(tx, recipient, [envelope])
    await tx
      .insertInto('key_packets')
      .values({ envelope, fingerprint, recipient, packet })
      .execute()
  }
}

/** Runs in the caller's transaction. */
export async function removeKeyPackets(
  tx: Tx,
  recipient: string,
  envelopes: Iterable<string>,
): Promise<void> {
  for (const envelope of envelopes)
    await tx
      .deleteFrom('key_packets')
      .where('envelope', '=', envelope)
      .where('recipient', '=', recipient)
      .execute()
}

const manifestOf = (
  { patient }: Transfer,
  { object, size, envelope }: NonNullable<Transfer['manifest']>,
): StoredContent => ({ index: 0, object, size, envelope, patient })

const contentOf = (
  transfer: Transfer,
  row: {
    readonly idx: number
    readonly object: string | null
    readonly sealed_size: number | null
    readonly envelope: string
    readonly patient: string | null
  },
): StoredContent[] =>
  row.object === null || row.sealed_size === null
    ? []
    : [
        {
          index: row.idx,
          object: row.object,
          size: row.sealed_size,
          envelope: row.envelope,
          patient: row.patient ?? transfer.patient,
        },
      ]

/** What a reader needs to prove that they can open a transfer. */
export interface OpenableTransfer {
  readonly transfer: string
  /**
   * Proof key of the manifest's envelope; undefined for envelopes sealed by versions without proof
   * keys.
   */
  readonly proofKey: string | undefined
  /** Fingerprint of the certificate that the reader's key packet is for. */
  readonly fingerprint: string
}

/** The first of the transfers whose manifest is sealed to the reader, or undefined. */
export async function openableBy(
  { db }: Pick<State, 'db'>,
  reader: string,
  transfers: readonly string[],
): Promise<OpenableTransfer | undefined> {
  if (transfers.length === 0) return undefined
  const row = await db
    .selectFrom('transfers')
    .innerJoin('key_packets', 'key_packets.envelope', 'transfers.manifest_envelope')
    .leftJoin('proof_keys', 'proof_keys.envelope', 'transfers.manifest_envelope')
    .select(['transfers.id', 'key_packets.fingerprint', 'proof_keys.public_key'])
    .where('transfers.id', 'in', transfers)
    .where('key_packets.recipient', '=', reader)
    .orderBy('transfers.available_at')
    .executeTakeFirst()
  if (!row) return undefined
  const { id: transfer, fingerprint, public_key: proofKey } = row
  return { transfer, fingerprint, proofKey: proofKey ?? undefined }
}
