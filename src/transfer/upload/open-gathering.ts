/**
 * A transfer that grows instance by instance, as a PACS sends. When `add` resolves, the instance is
 * durable together with its event and its crosswalk entry. The transfer becomes visible when it is
 * completed.
 *
 * One gateway uses one envelope, and so one session key, for everything it receives of a study.
 * After a crash the envelope is still `growing`: the sweep keeps what was committed and removes the
 * rest.
 */
import type { DeidentifiedInstance, Pseudonym } from '../../deidentify/index.js'
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
import { depositHandle, writeDeposit } from '../arrival/deposits.js'
import type { InstanceReference } from '../arrival/deposits.js'
import { itemEvents } from '../events.js'
import { finishEnvelope, growEnvelope } from '../growing.js'
import { pseudonymsOf } from '../pseudonyms.js'
import type { TransferRooms } from '../rooms.js'
import { insertItems, insertKeyPackets, reserveNumbers } from '../rows.js'
import { abandonEnvelope } from '../sweep.js'
import { hideEntry } from '../waiting-entries.js'
import { answerOf } from './answers.js'
import type { ItemAnswer } from './answers.js'
import { GrowingCrosswalk } from './growing-crosswalk.js'
import { handlesOf, judgeAgainst } from './judge.js'
import type { JudgedItem } from './judge.js'
import { settleContext } from './open-upload.js'
import type { UploadContext } from './open-upload.js'
import { Original } from './original.js'
import { newShapes } from './report.js'
import { settle } from './settle.js'
import type { Clear, SettledItem } from './settle.js'

/** What a door knows of a part besides its bytes. */
export interface AboutPart {
  /** Who sent it; otherwise whoever began the study. */
  readonly sender?: Pick<UploadTarget, 'actor' | 'facility'>
  /** The UIDs that the sender uses for the part's single instance. */
  readonly original?: InstanceReference | undefined
}

export interface OpenGathering {
  readonly transfer: string
  /** Whether any of it is durable. */
  readonly hasKept: boolean
  readonly pseudonymOf: (handle: string) => Promise<Pseudonym>
  newObjectKey(): string
  /**
   * Passes the items of one part through `clear` to the store. Resolves when each is durable or has
   * an outcome. Calls may overlap.
   *
   * @throws NocturneError for faults that concern the whole request: a broken connection, or a
   *   failure of the store or the ledger. Nothing of the part is kept then.
   */
  add(
    items: AsyncIterable<ReceivedItem>,
    clear: Clear,
    about?: AboutPart,
  ): Promise<readonly ItemAnswer[]>
  /**
   * Ends the envelope: what was kept stays, with one crosswalk for all of it.
   * @throws store and ledger errors
   */
  end(): Promise<void>
  /**
   * Gives up after a failure that affects later steps: what was kept stays, and the sweep cleans up
   * the rest.
   */
  leave(): void
  /** Gives up when nothing was kept: only the event remains. Never throws. */
  abandon(cause: unknown): Promise<void>
}

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
    const { limits, budget } = this.#rooms
    const settling: Promise<SettledItem>[] = []
    for await (const item of items) {
      if (this.#count + settling.length >= limits.transferItems) {
        throw new NocturneError('too_many_items')
      }
      const kept = new Original(item.bytes, budget, this.#context.keepSealed)
      // A single instance is rarely refused once it is whole, so its crosswalk entry is prepared
      // while the disk is busy with it.
      const onWhole =
        about.original && ((one: DeidentifiedInstance) => this.#crosswalk.prepare(one))
      const settled = settle(item, kept, { ...this.#context, onWhole }, clear)
      // Its failure is reported below, even if the loop ends earlier.
      settled.catch(() => undefined)
      settling.push(settled)
      await Promise.race([kept.consumed, settled])
    }
    const settled = await Promise.all(settling)
    const size = settled.reduce((sum, item) => sum + sizeOf(item), 0)
    if (this.#bytes + size > limits.transferBytes) throw new NocturneError('transfer_too_large')
    this.#bytes += size
    this.#count += settled.length
    return this.#keep(settled, about)
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
   * Commits a part's items, crosswalk entries and events in one transaction; waiting calls share a
   * transaction.
   */
  async #keep(
    settled: readonly SettledItem[],
    { original, sender = this.#begun.target }: AboutPart,
  ): Promise<readonly ItemAnswer[]> {
    const begun = this.#begun
    const items = judgeAgainst(this.#seen, this.#rooms, begun, settled)
    try {
      const piece = await this.#crosswalk.pieceOf(settled)
      await deleteSuperfluous(this.#rooms, items)
      const seq = (this.#pieces += 1)
      const { value: first } = await this.#rooms.ledger.record(async (tx) => {
        await this.#rooms.expectSender(tx, sender)
        const first = await this.#insert(tx, items)
        if (original && isDurable(items)) {
          await writeDeposit(tx, this.#depositOf(original))
        }
        if (piece) {
          const row = { envelope: begun.envelope, seq, ...piece }
          await tx.insertInto('crosswalk_pieces').values(row).execute()
        }
        const { actor, facility, group } = begun.target
        const common = { actor, facility, group, transfer: begun.transfer }
        const reports = reportsOf(items).filter(({ shape }) => !this.#shapes.has(shape))
        const shapes = await newShapes(tx, reports, common, this.#rooms.now())
        const [head, ...tail] = [...itemEvents(begun, items, first), ...shapes]
        // A part without items has already failed with an error.
        if (!head) throw new NocturneError('no_files')
        return { value: first, events: [head, ...tail] }
      })
      this.#hasKept = true
      for (const { shape } of reportsOf(items)) this.#shapes.add(shape)
      return items.map((item, i) => answerOf(item, first + i, 1))
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

  #depositOf({ sopClass, sopInstance }: InstanceReference) {
    const { facility } = this.#begun.target
    const [secret] = this.#rooms.facilityKeys.secretsOf(facility)
    const handle = depositHandle(secret, sopInstance)
    return { facility, handle, sopClass, transfer: this.transfer }
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

/** Whether every item is durable: available to readers, held for the facility, or already there. */
const isDurable = (items: readonly JudgedItem[]): boolean =>
  items.length === 1 && items.every(({ outcome }) => outcome !== 'refused')

const sizeOf = (item: SettledItem): number =>
  item.outcome === 'accepted' ? item.digests.plaintext.size : 0
