/**
 * The main path for a study that comes instance by instance: the same steps as `transfer.ts`, with
 * each instance committed when it is durable and the transfer completed when the study is whole.
 */
import { receive } from './receive/index.js'
import type { Part } from './receive/index.js'
import { newEnvelope } from './seal/index.js'
import type { Envelope } from './seal/index.js'
import { clearing, rulesOf } from './transfer.js'
import type { PathRooms } from './transfer.js'
import type { Clear, InstanceReference, ItemAnswer } from './transfer/index.js'
import type { Transfers, UploadTarget } from './transfer/index.js'

type OpenGathering = Awaited<ReturnType<Transfers['gather']>>

export type GatheringRooms = Omit<PathRooms, 'transfers'> & {
  readonly transfers: Pick<Transfers, 'gather'>
}

/** How the intake begins to take a study. @throws what `Gathering.begin` throws */
export type BeginGathering = (target: UploadTarget, study: string) => Promise<Gathering>

export class Gathering {
  readonly #rooms: GatheringRooms
  readonly #open: OpenGathering
  readonly #envelope: Envelope
  readonly #clear: Clear

  private constructor(
    rooms: GatheringRooms,
    open: OpenGathering,
    envelope: Envelope,
    clear: Clear,
  ) {
    this.#rooms = rooms
    this.#open = open
    this.#envelope = envelope
    this.#clear = clear
  }

  /** @throws what `Upload.begin` throws */
  static async begin(
    rooms: GatheringRooms,
    target: UploadTarget,
    study: string,
  ): Promise<Gathering> {
    await rooms.gatewayKeys.expectFit()
    const recipients = await rooms.directory.recipientsOf(target.group)
    const envelope = await newEnvelope(recipients, new Date(rooms.now()))
    await rooms.facilityKeys.expectInUse(target.facility)
    const open = await rooms.transfers.gather(target, envelope, study)
    const rules = rulesOf(rooms, target, open)
    const clear = clearing(rooms, envelope, rules, () => open.newObjectKey())
    return new Gathering(rooms, open, envelope, clear)
  }

  get transfer(): string {
    return this.#open.transfer
  }

  get hasKept(): boolean {
    return this.#open.hasKept
  }

  /**
   * Resolves when all that the part held is durable, or answered for; calls may overlap.
   * @throws NocturneError; nothing is kept then
   */
  add(part: Part, original?: InstanceReference): Promise<readonly ItemAnswer[]> {
    return this.#open.add(receive(part, this.#rooms.limits), this.#clear, original)
  }

  /** No more comes through here. @throws what the store and the ledger refuse */
  async end(): Promise<void> {
    try {
      await this.#open.end()
    } finally {
      this.#envelope.close()
    }
  }

  /**
   * A step has failed that others depend on: what was kept stays, and the sweep tidies up the rest.
   */
  leave(): void {
    this.#open.leave()
    this.#envelope.close()
  }

  /** Nothing was kept. Never throws. */
  async abandon(cause: unknown): Promise<void> {
    await this.#open.abandon(cause)
    this.#envelope.close()
  }
}
