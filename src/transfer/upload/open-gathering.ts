/**
 * A transfer that grows instance by instance, as a PACS sends. When `add` resolves, the instance is
 * durable together with its event and its crosswalk entry. The transfer becomes visible when it is
 * completed.
 *
 * One gateway uses one envelope, and so one session key, for everything it receives of a study.
 * After a crash the envelope is still `growing`: the sweep keeps what was committed and removes the
 * rest.
 */
import type { DeidentifiedInstance } from '../../deidentify/index.js'
import { newId, randomName } from '../../lib/ids.js'
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import type { ManifestEntry } from '../../protocol/manifest.js'
import type { ReceivedItem } from '../../receive/index.js'
import type { Envelope } from '../../seal/index.js'
import type { Tx } from '../../state/index.js'
import { findArrival, writeArrival } from '../arrival/studies.js'
import type { StudyKey } from '../arrival/studies.js'
import { writeWaiting } from '../arrival/waiting.js'
import { beginEnvelope } from '../begin.js'
import type { BegunEnvelope, UploadTarget } from '../begin.js'
import { deleteSuperfluous, reportsOf } from '../commit.js'
import { depositHandle, writeDeposits } from '../arrival/deposits.js'
import { itemEvents } from '../events.js'
import { finishEnvelope, growEnvelope } from '../growing.js'
import { pseudonymsOf } from '../pseudonyms.js'
import type { TransferRooms } from '../rooms.js'
import { insertItems, insertKeyPackets, reserveNumbers } from '../rows.js'
import { abandonEnvelope } from '../sweep.js'
import { hideEntry } from '../waiting-entries.js'
import { answerOf } from './answers.js'
import type { ItemAnswer } from './answers.js'
import type { AboutPart, OpenGathering } from './gathering.js'
import { GrowingCrosswalk } from './growing-crosswalk.js'
import { handlesOf, judgeAgainst } from './judge.js'
import type { JudgedItem } from './judge.js'
import { settleContext } from './open-upload.js'
import type { UploadContext } from './open-upload.js'
import { Original } from './original.js'
import { PartBatches } from './part-batches.js'
import { newShapes } from './report.js'
import { settle } from './settle.js'
import type { Clear, SettledItem } from './settle.js'

/**
 * Finds the open transfer of a study or creates one, and makes "transfer begun" durable.
 *
 * @throws NocturneError as `openUpload`; `transfer_not_open` also when another gateway has just
 *   opened one for the study
 */
export async function openGathering(
  rooms: TransferRooms,
  target: UploadTarget,
  envelope: Pick<Envelope, 'format' | 'keyPackets' | 'proofKey'>,
  study: StudyKey,
): Promise<OpenGathering> {
  const { transfer: known, earlier } = await findArrival(rooms.state.db, target, study)
  const transfer = known ?? newId(rooms.now())
  const id = newId(rooms.now())
  const newObjectKey = () => `t/${transfer}/${id}/${randomName()}`
  const context = await settleContext(rooms, target, { transfer, id, newObjectKey })
  const seen = await handlesOf(rooms, earlier)
  const wanted = { ...target, ...(known !== undefined && { transfer: known }) }
  const place = { transfer, id, format: envelope.format }
  const begun = await beginEnvelope(rooms, wanted, place, async (tx) => {
    if (known !== undefined) return []
    await writeArrival(tx, target, study, transfer, rooms.now())
    return writeWaiting(tx, target, transfer, rooms.now())
  })
  return new Gathered(rooms, begun, envelope, { ...context, newObjectKey }, seen)
}

type GatheringContext = UploadContext & { readonly newObjectKey: () => string }
type PartSender = NonNullable<AboutPart['sender']>

/** A part whose items are durable or have an outcome, before its commit. */
interface StoredPart extends Pick<AboutPart, 'original'> {
  readonly settled: readonly SettledItem[]
}

class Gathered implements OpenGathering {
  readonly transfer: string
  readonly pseudonymOf: OpenGathering['pseudonymOf']
  readonly newObjectKey: () => string
  readonly #rooms: TransferRooms
  readonly #begun: BegunEnvelope
  readonly #envelope: Pick<Envelope, 'keyPackets' | 'proofKey'>
  readonly #context: UploadContext
  readonly #crosswalk: GrowingCrosswalk
  /** Handles of what the study already has, in this transfer and in earlier ones. */
  readonly #seen: Set<string>
  /** Shapes of reports that a commit of this study has recorded, or found recorded. */
  readonly #shapes = new Set<string>()
  readonly #batches = new PartBatches((sender: PartSender, parts: readonly StoredPart[]) =>
    this.#keep(sender, parts),
  )
  readonly #endLease: () => void
  #bytes: number
  #count: number
  #pieces = 0
  #hasKept = false

  constructor(
    rooms: TransferRooms,
    begun: BegunEnvelope,
    envelope: Pick<Envelope, 'keyPackets' | 'proofKey'>,
    context: GatheringContext,
    seen: Set<string>,
  ) {
    this.#rooms = rooms
    this.#begun = begun
    this.#envelope = envelope
    this.#crosswalk = new GrowingCrosswalk(context, () => rooms.envelopeTo(begun.target.facility))
    this.#context = { ...context, crosswalk: this.#crosswalk }
    this.#seen = seen
    this.#bytes = begun.bytesBefore
    this.#count = begun.itemsBefore
    this.transfer = begun.transfer
    this.newObjectKey = context.newObjectKey
    this.pseudonymOf = pseudonymsOf(rooms, begun.target)
    this.#endLease = rooms.leases.hold(rooms, begun.envelope)
  }

  get hasKept(): boolean {
    return this.#hasKept
  }

  async add(
    items: AsyncIterable<ReceivedItem>,
    clear: Clear,
    about: AboutPart = {},
  ): Promise<readonly ItemAnswer[]> {
    const { original, sender = this.#begun.target, onStored } = about
    const store = async (): Promise<StoredPart> => {
      // A single instance is rarely refused once it is whole, so its crosswalk entry is prepared
      // while the disk is busy with it.
      const isPrepared = original !== undefined && onStored === undefined
      return { settled: await this.#settle(items, clear, isPrepared), original }
    }
    if (onStored) return this.#batches.add(sender, store, onStored)
    const [answers = []] = await this.#keep(sender, [await store()])
    return answers
  }

  async #settle(
    items: AsyncIterable<ReceivedItem>,
    clear: Clear,
    isPrepared: boolean,
  ): Promise<readonly SettledItem[]> {
    const { limits, budget } = this.#rooms
    const onWhole = isPrepared
      ? (one: DeidentifiedInstance) => this.#crosswalk.prepare(one)
      : undefined
    const settling: Promise<SettledItem>[] = []
    for await (const item of items) {
      if (this.#count + settling.length >= limits.transferItems) {
        throw new NocturneError('too_many_items')
      }
      const kept = new Original(item.bytes, budget, this.#context.keepSealed)
      const settled = settle(item, kept, { ...this.#context, onWhole }, clear)
      // Its failure is reported below, even if the loop ends earlier.
      settled.catch(() => undefined)
      settling.push(settled)
      await Promise.race([kept.consumed, settled])
    }
    const settled = await Promise.all(settling)
    if (settled.length === 0) throw new NocturneError('no_files')
    const size = settled.reduce((sum, item) => sum + sizeOf(item), 0)
    if (this.#bytes + size > limits.transferBytes) throw new NocturneError('transfer_too_large')
    this.#bytes += size
    this.#count += settled.length
    return settled
  }

  async end(): Promise<void> {
    const { target, transfer, envelope, begunEvent: related } = this.#begun
    const { actor, facility, group } = target
    try {
      const crosswalk = await this.#context.crosswalk.end()
      await this.#rooms.ledger.record(async (tx) => {
        const accepted = await finishEnvelope(tx, this.#begun, crosswalk, this.#rooms.now())
        const common = { actor, facility, group, transfer, related }
        const detail = { envelope, accepted }
        return {
          value: undefined,
          events: [{ type: 'transfer.extended', outcome: 0, ...common, detail }],
        }
      })
    } finally {
      this.#crosswalk.close()
      this.#endLease()
    }
  }

  leave(): void {
    this.#crosswalk.close()
    this.#endLease()
    void this.#context.crosswalk.drop()
  }

  async abandon(cause: unknown): Promise<void> {
    await this.#context.crosswalk.drop()
    this.#crosswalk.close()
    this.#endLease()
    await abandonEnvelope(this.#rooms, this.#begun, asNocturneError(cause).code)
  }

  /**
   * Commits the items of the parts, their crosswalk entries and events in one transaction; waiting
   * calls share a transaction. Returns the answers to each part.
   */
  async #keep(
    sender: PartSender,
    parts: readonly StoredPart[],
  ): Promise<readonly (readonly ItemAnswer[])[]> {
    const begun = this.#begun
    const settled = parts.flatMap((part) => part.settled)
    const items = judgeAgainst(this.#seen, this.#rooms, begun, settled)
    try {
      const piece = await this.#crosswalk.pieceOf(settled)
      await deleteSuperfluous(this.#rooms, items)
      const seq = (this.#pieces += 1)
      const { value: first } = await this.#rooms.ledger.record(async (tx) => {
        await this.#rooms.expectSender(tx, sender)
        const first = await this.#insert(tx, items)
        await writeDeposits(tx, this.#depositsOf(parts, items))
        if (piece) {
          const row = { envelope: begun.envelope, seq, ...piece }
          await tx.insertInto('crosswalk_pieces').values(row).execute()
        }
        const { actor, facility, group } = begun.target
        const common = { actor, facility, group, transfer: begun.transfer }
        const reports = reportsOf(items).filter(({ shape }) => !this.#shapes.has(shape))
        const shapes = await newShapes(tx, reports, common, this.#rooms.now())
        const [head, ...tail] = [...itemEvents(begun, items, first), ...shapes]
        if (!head) throw new NocturneError('no_files')
        return { value: first, events: [head, ...tail] }
      })
      this.#hasKept = true
      for (const { shape } of reportsOf(items)) this.#shapes.add(shape)
      const answers = items.map((item, i) => answerOf(item, first + i, 1))
      return byPart(parts, answers)
    } catch (error) {
      this.#forget(items)
      throw error
    }
  }

  async #insert(tx: Tx, items: readonly JudgedItem[]): Promise<number> {
    const begun = this.#begun
    const isFirst = await growEnvelope(tx, begun.envelope)
    const isNew = isFirst && begun.isFirst
    const first = await reserveNumbers(tx, { ...begun, isFirst: isNew }, items, 'open')
    const [secret] = this.#rooms.facilityKeys.secretsOf(begun.target.facility)
    const hide = (index: number, entry: ManifestEntry) =>
      hideEntry(secret, begun.transfer, index, entry)
    await insertItems(tx, begun, items, first, { now: this.#rooms.now(), hideEntry: hide })
    if (isFirst) await insertKeyPackets(tx, begun.envelope, this.#envelope)
    return first
  }

  /** Of each single instance that is durable: available, held for the facility, or there before. */
  #depositsOf(parts: readonly StoredPart[], items: readonly JudgedItem[]) {
    const { facility } = this.#begun.target
    const [secret] = this.#rooms.facilityKeys.secretsOf(facility)
    const judged = byPart(parts, items)
    return parts.flatMap(({ original }, i) => {
      const [item, ...others] = judged[i] ?? []
      if (!original || !item || item.outcome === 'refused' || others.length > 0) return []
      const handle = depositHandle(secret, original.sopInstance)
      return [{ facility, handle, sopClass: original.sopClass, transfer: this.transfer }]
    })
  }

  /** Items that were not kept after all may be sent again. */
  #forget(items: readonly JudgedItem[]): void {
    for (const { entry, contentHandle, instanceHandle } of items) {
      if (!entry) continue
      if (contentHandle !== null) this.#seen.delete(contentHandle)
      if (instanceHandle !== null) this.#seen.delete(instanceHandle)
    }
  }
}

/** Cuts what was made of all items into what was made of each part's. */
function byPart<T>(parts: readonly StoredPart[], all: readonly T[]): readonly (readonly T[])[] {
  let at = 0
  return parts.map(({ settled }) => all.slice(at, (at += settled.length)))
}

const sizeOf = (item: SettledItem): number =>
  item.outcome === 'accepted' ? item.digests.plaintext.size : 0
