/** The step that makes an upload visible: its items, state and events in one transaction. */
import { CATALOGUE } from '../lib/errors.js'
import type { Code, Place } from '../lib/errors.js'
import type { Envelope } from '../seal/index.js'
import type { ItemKind, Outcome, TransferState } from '../state/tables/index.js'
import { arrivingOf } from './begin.js'
import type { BegunEnvelope } from './begin.js'
import type { StoredCrosswalk } from './upload/crosswalk.js'
import { commitEvents } from './events.js'
import { judgeItems } from './upload/judge.js'
import type { JudgedItem } from './upload/judge.js'
import { storeManifest } from './manifest.js'
import type { ManifestEntry } from '../protocol/manifest.js'
import { closeQuarantine } from './release.js'
import type { TransferRooms } from './rooms.js'
import {
  claimEnvelope,
  insertCrosswalk,
  insertItems,
  insertKeyPackets,
  insertManifest,
  reserveNumbers,
} from './rows.js'
import type { SettledItem } from './upload/settle.js'
import { newShapes } from './upload/report.js'
import { hideEntry } from './waiting-entries.js'

export interface ItemAnswer {
  readonly index: number
  /** The part of the request that contained it, counted from 1. */
  readonly part: number
  readonly kind: ItemKind
  readonly outcome: Outcome
  readonly code?: Code
  readonly hint?: string
  /** Where in the item the fault is and why, as far as known. */
  readonly where?: Place
}

export interface UploadAnswer {
  readonly id: string
  readonly state: TransferState
  readonly items: readonly ItemAnswer[]
  /** c2sp.org/tlog-proof of the last event of this request. */
  readonly receipt: string
}

export interface BroughtItems {
  readonly items: readonly SettledItem[]
  /** For each item, the part that contained it. */
  readonly partOf: readonly number[]
  readonly complete: boolean
  readonly crosswalk: StoredCrosswalk | undefined
}

/**
 * @throws NocturneError `transfer_not_open` when the lease expired and the sweep came first; store
 *   and ledger errors. Nothing is visible in these cases.
 */
export async function commitEnvelope(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  envelope: Pick<Envelope, 'keyPackets' | 'proofKey'>,
  brought: BroughtItems,
): Promise<UploadAnswer> {
  const items = await judgeItems(rooms, begun, brought.items)
  await deleteSuperfluous(rooms, items)
  const state = nextState(begun, items, brought.complete)
  const manifest = state === 'available' ? await storeFirstManifest(rooms, begun, items) : undefined
  const [secret] = rooms.facilityKeys.secretsOf(begun.target.facility)
  const hide = (index: number, entry: ManifestEntry) =>
    hideEntry(secret, begun.transfer, index, entry)
  const { value: first, receipts } = await rooms.ledger.record(async (tx) => {
    const now = rooms.now()
    await claimEnvelope(tx, begun.envelope)
    const first = await reserveNumbers(tx, begun, items, state)
    await insertItems(tx, begun, items, first, {
      now,
      ...(state === 'open' && { hideEntry: hide }),
    })
    await insertKeyPackets(tx, begun.envelope, envelope)
    const patient = manifest && (await insertManifest(tx, begun.transfer, manifest, now))
    if (brought.crosswalk) await insertCrosswalk(tx, begun, brought.crosswalk, now)
    const { release, actor, facility, group } = begun.target
    for (const [index, { outcome }] of items.entries()) {
      const released = release?.items[index]
      if (released && outcome === 'accepted') await closeQuarantine(tx, released, now)
    }
    const common = { actor, facility, group, transfer: begun.transfer }
    const shapes = await newShapes(tx, reportsOf(items), common, now)
    const made = { state, manifest, patient, shapes }
    const events = commitEvents(begun, items, first, made)
    if (state === 'abandoned') return { value: first, events }
    const modalities = items.flatMap(({ entry }) => entry?.modality ?? [])
    const arriving = { id: begun.transfer, isAvailable: state === 'available', patient, modalities }
    const cased = await rooms.cases.arrive(tx, actor, arrivingOf(begun.target, arriving))
    // The transfer's own event stays last, because its receipt is returned to the sender.
    const [head, ...tail] = [...events.slice(0, -1), ...cased, ...events.slice(-1)]
    return { value: first, events: head ? [head, ...tail] : events }
  })
  const last = receipts.at(-1) ?? receipts[0]
  return {
    id: begun.transfer,
    state,
    items: items.map((item, i) => answerOf(item, first + i, brought.partOf[i] ?? 0)),
    receipt: await rooms.ledger.proof(last.index),
  }
}

export const reportsOf = (items: readonly JudgedItem[]) =>
  items.flatMap(({ settled, outcome }) =>
    outcome === 'accepted' && settled.outcome === 'accepted' && settled.report
      ? [settled.report]
      : [],
  )

function nextState(
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
  complete: boolean,
): TransferState {
  if (!begun.isFirst) return 'open'
  if (!items.some(({ outcome }) => outcome === 'accepted')) return 'abandoned'
  return complete ? 'available' : 'open'
}

/**
 * The manifest of a transfer that arrives in a single request, so its items are numbered from 1.
 */
async function storeFirstManifest(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  items: readonly JudgedItem[],
) {
  const entries = items.flatMap(({ entry }, i) => (entry ? [[i + 1, entry] as const] : []))
  const { transfer, envelope, createdAt, target } = begun
  const place = { id: transfer, createdAt, prefix: `t/${transfer}/${envelope}` }
  return storeManifest(rooms, target, place, new Map(entries))
}

/** Call before the commit: if a crash comes in between, the sweep removes the remaining objects. */
export async function deleteSuperfluous(
  rooms: TransferRooms,
  items: readonly JudgedItem[],
): Promise<void> {
  for (const { settled, entry } of items) {
    if (settled.outcome === 'accepted' && !entry) await rooms.store.delete(settled.stored.key)
  }
}

export const answerOf = (
  { settled, outcome, code }: JudgedItem,
  index: number,
  part: number,
): ItemAnswer => ({
  index,
  part,
  kind: settled.kind,
  outcome,
  ...(code && { code, hint: CATALOGUE[code].hint }),
  ...('place' in settled && settled.place && { where: settled.place }),
})
