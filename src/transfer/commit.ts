/** The step that makes an upload visible: its items, state and events in one transaction. */
import type { EventInput } from '../ledger/log/index.js'
import type { Envelope } from '../seal/index.js'
import type { Tx } from '../state/index.js'
import type { TransferState } from '../state/tables/index.js'
import { arrivingOf } from './begin.js'
import type { BegunEnvelope, UploadTarget } from './begin.js'
import type { StoredCrosswalk } from './upload/crosswalk.js'
import { commitEvents } from './events.js'
import { judgeItems } from './upload/judge.js'
import type { JudgedItem } from './upload/judge.js'
import { storeManifest } from './manifest.js'
import type { SealedManifest } from './manifest.js'
import type { ManifestEntry } from '../protocol/manifest.js'
import type { Outcomes } from '../protocol/outcomes.js'
import { closeQuarantine } from './quarantine/release.js'
import type { TransferRooms } from './rooms.js'
import {
  claimEnvelope,
  insertCrosswalk,
  insertItems,
  insertKeyPackets,
  insertManifest,
  reserveNumbers,
  setContinues,
} from './rows.js'
import { asSentBefore, filesOf, findSentBefore } from './sent-before.js'
import type { SentBefore } from './sent-before.js'
import { uploadAnswerOf } from './upload/answers.js'
import type { UploadAnswer } from './upload/answers.js'
import { keepAnswer } from './upload/keys.js'
import type { SettledItem } from './upload/settle.js'
import { newShapes } from './upload/report.js'
import { hideEntry } from './waiting-entries.js'

export interface EnvelopeContents {
  readonly items: readonly SettledItem[]
  /** For each item, the part that contained it. */
  readonly partOf: readonly number[]
  readonly complete: boolean
  readonly crosswalk: StoredCrosswalk | undefined
}

/**
 * @throws NocturneError `transfer_not_open` when the lease expired and the sweep came first;
 *   `unauthenticated` when the sender was cut off meanwhile; store and ledger errors. Nothing is
 *   visible in these cases.
 */
export async function commitEnvelope(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  envelope: Pick<Envelope, 'keyPackets' | 'proofKey'>,
  contents: EnvelopeContents,
): Promise<UploadAnswer> {
  const judged = await judgeItems(rooms, begun, contents.items)
  // An open transfer may still receive more items, so it is compared only when it is completed.
  const isWhole = begun.isFirst && contents.complete
  for (;;) {
    const before = isWhole
      ? await findSentBefore(rooms, rooms.state.db, begun.target, filesOf(judged))
      : undefined
    const prepared = await prepare(rooms, begun, judged, before, contents.complete)
    const committed = await commitPrepared(rooms, begun, envelope, contents, prepared)
    if (committed) return committed
    // The same files became available in the meantime: try again, now treating these as sent
    // before.
    if (prepared.manifest) await rooms.store.delete(prepared.manifest.object)
  }
}

interface Prepared {
  readonly before: SentBefore | undefined
  readonly items: readonly JudgedItem[]
  readonly state: TransferState
  readonly manifest: SealedManifest | undefined
  readonly target: UploadTarget
}

async function prepare(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  judged: readonly JudgedItem[],
  before: SentBefore | undefined,
  complete: boolean,
): Promise<Prepared> {
  const items = asSentBefore(judged, before)
  const state = nextState(begun, items, complete)
  const target = { ...begun.target, ...(before && { continues: before.transfer }) }
  const manifest =
    state === 'available' ? await storeFirstManifest(rooms, { ...begun, target }, items) : undefined
  return { before, items, state, manifest, target }
}

/**
 * Returns undefined, with nothing changed, when another request sent the same files in the
 * meantime.
 */
async function commitPrepared(
  rooms: TransferRooms,
  begun: BegunEnvelope,
  envelope: Pick<Envelope, 'keyPackets' | 'proofKey'>,
  contents: EnvelopeContents,
  prepared: Prepared,
): Promise<UploadAnswer | undefined> {
  const { before, items, state } = prepared
  await deleteSuperfluous(rooms, items)
  const [secret] = rooms.facilityKeys.secretsOf(begun.target.facility)
  const hide = (index: number, entry: ManifestEntry) =>
    hideEntry(secret, begun.transfer, index, entry)
  try {
    const { value, receipts } = await rooms.ledger.record(async (tx) => {
      const now = rooms.now()
      await rooms.expectSender(tx, begun.target)
      await claimEnvelope(tx, begun.envelope)
      if (begun.isFirst && contents.complete && !before)
        await expectFirst(rooms, tx, begun.target, items)
      const first = await reserveNumbers(tx, begun, items, state)
      const isHidden = state === 'open'
      await insertItems(tx, begun, items, first, { now, ...(isHidden && { hideEntry: hide }) })
      await insertKeyPackets(tx, begun.envelope, envelope)
      if (contents.crosswalk) await insertCrosswalk(tx, begun, contents.crosswalk, now)
      if (before && state !== 'abandoned') await setContinues(tx, begun.transfer, before.transfer)
      const made = { id: begun.transfer, state, first, partOf: contents.partOf }
      const answer = uploadAnswerOf(made, items, before)
      await keepAnswer(tx, begun.envelope, answer)
      return { value: answer, events: await eventsOf(rooms, tx, begun, prepared, first) }
    })
    const last = receipts.at(-1) ?? receipts[0]
    return { ...value, receipt: await rooms.ledger.proof(last.index) }
  } catch (error) {
    if (error instanceof SentMeanwhile) return undefined
    throw error
  }
}

/**
 * The events of the commit, including those of its case. The transfer's own event stays last,
 * because its receipt is returned to the sender.
 */
async function eventsOf(
  rooms: TransferRooms,
  tx: Tx,
  begun: BegunEnvelope,
  { before, items, state, manifest, target }: Prepared,
  first: number,
): Promise<[EventInput, ...EventInput[]]> {
  const { transfer } = begun
  const { release, actor, facility, group } = target
  const now = rooms.now()
  const patient = manifest && (await insertManifest(tx, transfer, manifest, now))
  for (const [index, { outcome }] of items.entries()) {
    const released = release?.items[index]
    if (released && outcome === 'accepted') await closeQuarantine(tx, released, now)
  }
  const common = { actor, facility, group, transfer }
  const shapes = await newShapes(tx, reportsOf(items), common, now)
  const events = commitEvents(begun, items, first, { state, manifest, patient, shapes, before })
  const further: EventInput[] = []
  if (before) further.push(...(await rooms.cases.raise(tx, actor, before.case.id, target.priority)))
  if (state !== 'abandoned') {
    const modalities = items.flatMap(({ entry }) => entry?.modality ?? [])
    const arriving = { id: transfer, isAvailable: state === 'available', patient, modalities }
    further.push(...(await rooms.cases.arrive(tx, actor, arrivingOf(target, arriving))))
  }
  const [head, ...tail] = [...events.slice(0, -1), ...further, ...events.slice(-1)]
  return head ? [head, ...tail] : events
}

/** Thrown inside the transaction to roll it back. */
class SentMeanwhile extends Error {}

async function expectFirst(
  rooms: TransferRooms,
  tx: Tx,
  target: UploadTarget,
  items: readonly JudgedItem[],
): Promise<void> {
  if (await findSentBefore(rooms, tx, target, filesOf(items))) throw new SentMeanwhile()
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
  const outcomes = outcomesOf(items, target.missing ?? 0)
  return storeManifest(rooms, target, place, { entries: new Map(entries), outcomes })
}

function outcomesOf(items: readonly JudgedItem[], missing: number): Outcomes {
  const counts = { accepted: 0, quarantined: 0, refused: 0, duplicate: 0, missing }
  for (const { outcome } of items) counts[outcome] += 1
  return counts
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
