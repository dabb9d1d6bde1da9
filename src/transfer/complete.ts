/**
 * Completes an open transfer: stores a manifest of the items of all requests, then commits in one
 * transaction.
 */
import { NocturneError } from '../lib/errors.js'
import type { Actor } from '../ledger/log/index.js'
import { newId } from '../lib/ids.js'
import type { Tx } from '../state/index.js'
import { closeArrival } from './arrival/studies.js'
import { arrivingOf } from './begin.js'
import { manifestDetail } from './events.js'
import type { Transfer } from './find.js'
import { LEASE_MS } from './lease.js'
import { storeManifest } from './manifest.js'
import type { ManifestEntry } from '../protocol/manifest.js'
import { NO_GROUP } from '../protocol/words.js'
import type { TransferRooms } from './rooms.js'
import { claimEnvelope, expectNoneUnderWay, insertManifest } from './rows.js'
import { findSentBefore } from './sent-before.js'
import { outcomesOf } from './views.js'
import { forgetEnvelope } from './sweep.js'
import { showEntry } from './waiting-entries.js'

export interface CompletedTransfer {
  readonly id: string
  readonly state: 'available'
  /** c2sp.org/tlog-proof of the event. */
  readonly receipt: string
}

/** A query takes a few milliseconds at most. */
const ROWS_AT_ONCE = 500

/** The facts about a transfer needed to complete it. */
export type Closable = Pick<Transfer, 'id' | 'facility' | 'group' | 'priority'> & {
  /** A request of the actor, who must not have been cut off meanwhile; otherwise it is due. */
  readonly isAsked?: boolean
  /** The case that it joins, if that is known. */
  readonly case?: string
}

/**
 * @throws NocturneError `gateway_key_unfit`, `transfer_not_open`, `transfer_empty`,
 *   `recipient_unusable`; store and ledger errors. The transfer then stays open.
 */
export async function completeTransfer(
  rooms: TransferRooms,
  actor: Actor,
  wanted: Closable,
): Promise<CompletedTransfer> {
  const { id } = wanted
  const transfer = await rooms.state.db
    .selectFrom('transfers')
    .select(['created_at', 'next_index', 'item_count', 'missing'])
    .where('id', '=', id)
    .where('state', '=', 'open')
    .executeTakeFirst()
  if (!transfer) throw new NocturneError('transfer_not_open')
  if (wanted.group === NO_GROUP) throw new NocturneError('study_waits')
  if (transfer.item_count === 0) throw new NocturneError('transfer_empty')
  await rooms.gatewayKeys.expectFit()
  const envelope = await leaseEnvelope(rooms, id)
  const endLease = rooms.leases.hold(rooms, envelope)
  try {
    return await commitManifest(rooms, actor, wanted, { ...transfer, envelope })
  } catch (error) {
    await forgetEnvelope(rooms, id, envelope)
    throw error
  } finally {
    endLease()
  }
}

/** The columns of an open transfer that completing works with. */
interface OpenTransfer {
  readonly created_at: number
  readonly next_index: number
  readonly item_count: number
  readonly missing: number
  /** Leased for the manifest. */
  readonly envelope: string
}

async function commitManifest(
  rooms: TransferRooms,
  actor: Actor,
  { id, facility, group, priority, isAsked = false, case: joins }: Closable,
  { envelope, ...transfer }: OpenTransfer,
): Promise<CompletedTransfer> {
  const place = { id, createdAt: transfer.created_at, prefix: `t/${id}/${envelope}` }
  const entries = await entriesOf(rooms, id, facility)
  const target = { facility, group, priority }
  const outcomes = { ...(await outcomesOf(rooms.state.db, id)), missing: transfer.missing }
  const manifest = await storeManifest(rooms, target, place, { entries, outcomes })
  const modalities = [...entries.values()].flatMap(({ modality }) => modality ?? [])
  const { receipts } = await rooms.ledger.record(async (tx) => {
    if (isAsked) await rooms.expectSender(tx, { actor, facility })
    await claimEnvelope(tx, envelope)
    // The item count must be unchanged: an upload committed in the meantime would be missing from
    // this manifest.
    const { numUpdatedRows } = await tx
      .updateTable('transfers')
      .set({ state: 'available' })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .where('next_index', '=', transfer.next_index)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new NocturneError('transfer_not_open')
    await expectNoneUnderWay(tx, id)
    const priorOf = await closeArrival(tx, id)
    const files = { handles: await handlesOf(tx, id), count: transfer.next_index - 1 }
    const before =
      priorOf === undefined ? await findSentBefore(rooms, tx, target, files) : undefined
    const patient = await insertManifest(tx, id, manifest, rooms.now())
    await forgetEntries(tx, id, transfer.next_index)
    const arriving = { id, isAvailable: true, patient, modalities }
    const joined = joins ?? before?.case.id
    const joining = {
      ...target,
      ...(joined !== undefined && { case: joined }),
      ...(priorOf !== undefined && { priorOf }),
    }
    const cased = await rooms.cases.arrive(tx, actor, arrivingOf(joining, arriving))
    return {
      value: undefined,
      events: [
        {
          type: 'transfer.available',
          outcome: 0,
          ...{ actor, facility, group, transfer: id },
          ...(patient !== undefined && { patient }),
          detail: {
            accepted: transfer.item_count,
            ...(before && { sentBefore: before.transfer }),
            ...manifestDetail(manifest),
          },
        },
        ...cased,
      ],
    }
  })
  return { id, state: 'available', receipt: await rooms.ledger.proof(receipts[0].index) }
}

/**
 * Ends an open transfer in which nothing was accepted: it gets no manifest, and held items stay
 * held.
 */
export async function abandonEmpty(
  rooms: Pick<TransferRooms, 'ledger'>,
  actor: Actor,
  { id, facility, group }: Pick<Transfer, 'id' | 'facility' | 'group'>,
): Promise<void> {
  await rooms.ledger.record(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('transfers')
      .set({ state: 'abandoned' })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .where('item_count', '=', 0)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new NocturneError('transfer_not_open')
    await expectNoneUnderWay(tx, id)
    await closeArrival(tx, id)
    return {
      value: undefined,
      events: [
        {
          type: 'transfer.abandoned',
          outcome: 4,
          ...{ actor, facility, group, transfer: id },
          detail: { accepted: 0, code: 'nothing_accepted' },
        },
      ],
    }
  })
}

/**
 * Until the commit, the manifest's object belongs to its own leased envelope, so that the sweep
 * removes it after a crash.
 */
async function leaseEnvelope(rooms: TransferRooms, transfer: string): Promise<string> {
  const id = newId(rooms.now())
  const lease_until = rooms.now() + LEASE_MS
  await rooms.state.transaction((tx) =>
    tx
      .insertInto('envelopes')
      .values({ id, transfer, state: 'receiving', format: 'seipd1', lease_until })
      .execute(),
  )
  return id
}

async function handlesOf(tx: Tx, transfer: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('items')
    .select('source_handle')
    .where('transfer', '=', transfer)
    .where('outcome', '=', 'accepted')
    .execute()
  return rows.flatMap(({ source_handle: handle }) => handle ?? [])
}

/** What the manifest says from now on, in statements that are short for a large transfer too. */
async function forgetEntries(tx: Tx, transfer: string, end: number): Promise<void> {
  for (let from = 0; from < end; from += ROWS_AT_ONCE)
    await tx
      .updateTable('items')
      .set({ manifest_entry: null })
      .where('transfer', '=', transfer)
      .where('idx', '>=', from)
      .where('idx', '<', from + ROWS_AT_ONCE)
      .execute()
}

async function entriesOf(
  rooms: TransferRooms,
  transfer: string,
  facility: string,
): Promise<Map<number, ManifestEntry>> {
  const secrets = rooms.facilityKeys.secretsOf(facility)
  const entries = new Map<number, ManifestEntry>()
  for (let after = 0; ;) {
    const rows = await rooms.state.db
      .selectFrom('items')
      .select(['idx', 'manifest_entry'])
      .where('transfer', '=', transfer)
      .where('outcome', '=', 'accepted')
      .where('idx', '>', after)
      .orderBy('idx')
      .limit(ROWS_AT_ONCE)
      .execute()
    for (const { idx, manifest_entry } of rows)
      if (manifest_entry !== null)
        entries.set(idx, showEntry(secrets, transfer, idx, manifest_entry))
    const last = rows.at(-1)
    if (!last || rows.length < ROWS_AT_ONCE) return entries
    after = last.idx
  }
}
