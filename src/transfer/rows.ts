/** The rows written by a commit, all inside the caller's transaction. */
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { KeyPacket } from '../seal/index.js'
import type { Tx } from '../state/index.js'
import type { ItemTable, TransferState } from '../state/tables/index.js'
import type { BegunEnvelope } from './begin.js'
import type { ManifestEntry } from '../protocol/manifest.js'
import type { SealedManifest } from './manifest.js'
import { countUsage } from './quota.js'
import type { StoredCrosswalk } from './upload/crosswalk.js'
import type { JudgedItem } from './upload/judge.js'

/** Rows per INSERT, so that its parameters stay below SQLite's limit of 32,766. */
const ROWS_A_STATEMENT = 500

/**
 * Checks that the envelope still belongs to this gateway. If the sweep took it, its objects are
 * gone and nothing may become visible.
 */
export async function claimEnvelope(
  tx: Tx,
  envelope: string,
  from: 'receiving' | 'growing' | 'uploading' = 'receiving',
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('envelopes')
    .set({ state: 'committed', lease_until: 0 })
    .where('id', '=', envelope)
    .where('state', '=', from)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NocturneError('transfer_not_open')
}

/**
 * An envelope that another gateway is still filling, or that has not been cleaned up yet, blocks
 * completion.
 * @throws NocturneError `too_busy`
 */
export async function expectNoneUnderWay(tx: Tx, transfer: string): Promise<void> {
  const growing = await tx
    .selectFrom('envelopes')
    .select('id')
    .where('transfer', '=', transfer)
    .where('state', 'in', ['growing', 'settling'])
    .executeTakeFirst()
  if (growing) throw new NocturneError('too_busy')
}

/**
 * Adds the items to the transfer's count and returns the number of the first one. The transfer must
 * be this request's own, or open.
 */
export async function reserveNumbers(
  tx: Tx,
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
  state: TransferState,
): Promise<number> {
  const accepted = items.flatMap(({ entry }) => (entry ? [entry.plaintext.size] : []))
  const updated = await tx
    .updateTable('transfers')
    .set((eb) => ({
      // An open transfer stays open; writing that again would rewrite its indexes.
      ...(begun.isFirst && { state }),
      item_count: eb('item_count', '+', accepted.length),
      byte_count: eb(
        'byte_count',
        '+',
        accepted.reduce((sum, size) => sum + size, 0),
      ),
      next_index: eb('next_index', '+', items.length),
    }))
    .where('id', '=', begun.transfer)
    .where('state', '=', begun.isFirst ? 'receiving' : 'open')
    .returning('next_index')
    .executeTakeFirst()
  if (!updated) throw new NocturneError('transfer_not_open')
  return updated.next_index - items.length
}

/** Sets the transfer that this one continues, when that is known only at the commit. */
export async function setContinues(tx: Tx, transfer: string, continues: string): Promise<void> {
  await tx.updateTable('transfers').set({ continues }).where('id', '=', transfer).execute()
}

export interface RowOptions {
  readonly now: number
  /** For an open transfer: how to store an entry until the manifest is made. */
  readonly hideEntry?: (index: number, entry: ManifestEntry) => string
}

export async function insertItems(
  tx: Tx,
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
  first: number,
  options: RowOptions,
): Promise<void> {
  for (let from = 0; from < items.length; from += ROWS_A_STATEMENT) {
    const some = items.slice(from, from + ROWS_A_STATEMENT)
    const rows = some.map((item, i) => itemRow(begun, item, first + from + i, options))
    await tx.insertInto('items').values(rows).execute()
  }
  await countUsage(tx, begun.target, storedBytes(items), options.now)
  for (const [i, { settled }] of items.entries()) {
    if (settled.outcome !== 'quarantined') continue
    await tx
      .insertInto('quarantine')
      .values({
        id: newId(options.now),
        transfer: begun.transfer,
        idx: first + i,
        facility: begun.target.facility,
        code: settled.code,
        also: settled.also.length > 0 ? settled.also.join(' ') : null,
        place: settled.place ? JSON.stringify(settled.place) : null,
        object: settled.stored.key,
        size: settled.stored.size,
        state: 'held',
        created_at: options.now,
        digest: settled.digest,
        decided_at: null,
        removed_at: null,
      })
      .execute()
  }
}

export async function insertCrosswalk(
  tx: Tx,
  begun: BegunEnvelope,
  { stored, items, key }: StoredCrosswalk,
  now: number,
): Promise<void> {
  await tx
    .insertInto('crosswalks')
    .values({
      envelope: begun.envelope,
      facility: begun.target.facility,
      transfer: begun.transfer,
      key_id: key,
      object: stored.key,
      size: stored.size,
      items,
      created_at: now,
    })
    .execute()
}

/** Neither duplicates nor refused items take any room. */
const storedBytes = (items: readonly JudgedItem[]): number =>
  items.reduce(
    (sum, { settled, entry }) =>
      settled.outcome === 'quarantined' || (settled.outcome === 'accepted' && entry)
        ? sum + settled.stored.size
        : sum,
    0,
  )

function itemRow(
  begun: BegunEnvelope,
  item: JudgedItem,
  index: number,
  { now, hideEntry }: RowOptions,
): ItemTable {
  const sealed = item.settled.outcome === 'accepted' && item.entry ? item.settled : undefined
  return {
    transfer: begun.transfer,
    idx: index,
    envelope: begun.envelope,
    kind: item.settled.kind,
    outcome: item.outcome,
    code: item.code ?? null,
    object: sealed?.stored.key ?? null,
    sealed_size: sealed?.stored.size ?? null,
    sealed_digest: sealed?.digests.ciphertext.sha256 ?? null,
    plain_size: sealed?.digests.plaintext.size ?? null,
    content_handle: item.contentHandle,
    instance_handle: item.instanceHandle,
    source_handle: item.sourceHandle,
    manifest_entry: (item.entry && hideEntry?.(index, item.entry)) ?? null,
    created_at: now,
    patient: sealed?.facts?.patient ?? null,
    order_handle: sealed?.facts?.order ?? null,
  }
}

/** Stores who can open the envelope, and its proof key. */
export async function insertKeyPackets(
  tx: Tx,
  envelope: string,
  {
    keyPackets: packets,
    proofKey,
  }: { readonly keyPackets: readonly KeyPacket[]; readonly proofKey: string },
): Promise<void> {
  await tx.insertInto('proof_keys').values({ envelope, public_key: proofKey }).execute()
  await tx
    .insertInto('key_packets')
    .values(
      packets.map(({ fingerprint, recipient, packet }) => ({
        envelope,
        fingerprint,
        recipient,
        packet,
        added_by: null,
        proven_at: null,
      })),
    )
    .execute()
}

/**
 * Stores the manifest's location, its key packets and whose study it is. Returns the handle of the
 * patient if the items name exactly one. The caller sets the transfer's state.
 */
export async function insertManifest(
  tx: Tx,
  transfer: string,
  manifest: SealedManifest,
  now: number,
): Promise<string | undefined> {
  const patient = await onlyPatient(tx, transfer)
  const envelope = newId(now)
  await tx
    .insertInto('envelopes')
    .values({ id: envelope, transfer, state: 'committed', format: manifest.format, lease_until: 0 })
    .execute()
  await insertKeyPackets(tx, envelope, manifest)
  await tx
    .updateTable('transfers')
    .set({
      available_at: now,
      manifest_digest: manifest.digest,
      manifest_object: manifest.object,
      manifest_size: manifest.size,
      manifest_envelope: envelope,
      patient: patient ?? null,
      sent_handle: await leastHandle(tx, transfer),
    })
    .where('id', '=', transfer)
    .execute()
  return patient
}

async function leastHandle(tx: Tx, transfer: string): Promise<string | null> {
  const row = await tx
    .selectFrom('items')
    .select(({ fn }) => fn.min('source_handle').as('least'))
    .where('transfer', '=', transfer)
    .where('outcome', '=', 'accepted')
    .executeTakeFirst()
  return row?.least ?? null
}

async function onlyPatient(tx: Tx, transfer: string): Promise<string | undefined> {
  const [first, second] = await tx
    .selectFrom('items')
    .select('patient')
    .distinct()
    .where('transfer', '=', transfer)
    .where('patient', 'is not', null)
    .limit(2)
    .execute()
  return second ? undefined : (first?.patient ?? undefined)
}
