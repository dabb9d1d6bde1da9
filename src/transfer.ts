/**
 * The main path: receive -> deidentify -> seal -> store -> ledger.
 *
 * One Upload is what one request brings: an envelope of a transfer. `begin` is durable before a byte is worked on;
 * `take` leaves nothing but sealed objects that nobody can see; `commit` makes all of it visible in one transaction
 * with its events. A crash before that leaves an envelope whose lease runs out, and the sweep removes it.
 */
import { newId } from './lib/ids.js'
import { NocturneError, asNocturneError } from './lib/errors.js'
import { receive } from './receive/index.js'
import type { Part } from './receive/index.js'
import { newEnvelope } from './seal/index.js'
import type { Envelope } from './seal/index.js'
import type { Rooms } from './rooms.js'
import { beginEnvelope, keepLease } from './transfer/begin.js'
import type { BegunEnvelope, UploadTarget } from './transfer/begin.js'
import { commitEnvelope } from './transfer/commit.js'
import type { UploadAnswer } from './transfer/commit.js'
import type { UploadContext } from './transfer/context.js'
import { uploadContext } from './transfer/context.js'
import { Original } from './transfer/original.js'
import { settle } from './transfer/settle.js'
import type { SettledItem } from './transfer/settle.js'
import { abandonEnvelope } from './transfer/sweep.js'

export type { UploadTarget } from './transfer/begin.js'
export type { UploadAnswer } from './transfer/commit.js'

/** Items whose bytes have been read and that are being made durable while the next ones come in. */
const ITEMS_IN_FLIGHT = 8

export class Upload {
  readonly #rooms: Rooms
  readonly #begun: BegunEnvelope
  readonly #envelope: Envelope
  readonly #context: UploadContext
  readonly #stopLease: () => void
  readonly #items: Promise<SettledItem>[] = []
  /** Number of the part, from 1, that each item came in: an archive brings many. */
  readonly #partOf: number[] = []
  #parts = 0
  #bytes = 0
  readonly #inFlight = new Set<Promise<unknown>>()
  #fatal: NocturneError | undefined

  private constructor(
    rooms: Rooms,
    begun: BegunEnvelope,
    envelope: Envelope,
    context: UploadContext,
  ) {
    this.#rooms = rooms
    this.#begun = begun
    this.#envelope = envelope
    this.#context = context
    this.#stopLease = keepLease(rooms, begun.envelope)
  }

  /**
   * Checks the gateway's own key and every certificate the transfer will be sealed to, then makes "transfer begun" durable.
   *
   * @throws NocturneError `gateway_key_unfit`, `unknown_group`, `recipient_unusable`, `transfer_not_open`, `ledger_unavailable`
   */
  static async begin(rooms: Rooms, target: UploadTarget): Promise<Upload> {
    const transfer = target.transfer ?? newId(rooms.now())
    const id = newId(rooms.now())
    await rooms.gatewayKeys.expectFit()
    const recipients = await rooms.directory.recipientsOf(target.group)
    const envelope = await newEnvelope(recipients, new Date(rooms.now()))
    await rooms.facilityKeys.expectInUse(target.facility)
    const context = await uploadContext(rooms, target, transfer, id)
    const begun = await beginEnvelope(rooms, target, { transfer, id, format: envelope.format })
    return new Upload(rooms, begun, envelope, context)
  }

  get transfer(): string {
    return this.#begun.transfer
  }

  /** Resolves when the part has been read to its end; what it held may still be on its way to the store. */
  async take(part: Part): Promise<void> {
    const { limits } = this.#context
    this.#parts += 1
    for await (const received of receive(part, limits)) {
      if (this.#fatal) throw this.#fatal
      if (this.#begun.itemsBefore + this.#items.length >= limits.transferItems) {
        throw new NocturneError('too_many_items')
      }
      const { budget, keepSealed, release } = this.#context
      // A release is of one item: whatever else the part may hold was vouched for by nobody.
      if (release && this.#items.length > 0) throw new NocturneError('release_mismatch')
      const isHashed = release !== undefined
      const original = new Original(received.bytes, budget, keepSealed, { isHashed })
      const settled = settle(received, original, this.#envelope, this.#context)
      this.#partOf.push(this.#parts)
      this.#follow(settled)
      await Promise.race([original.consumed, settled])
      while (this.#inFlight.size >= ITEMS_IN_FLIGHT) await Promise.race(this.#inFlight)
    }
  }

  /**
   * Waits for the store, then makes everything visible in one transaction, with its events.
   *
   * @throws NocturneError `no_files`, `transfer_too_large`, and whatever a store or the ledger refuses.
   */
  async commit(options: { readonly complete: boolean }): Promise<UploadAnswer> {
    const items = await Promise.all(this.#items)
    if (this.#fatal) throw this.#fatal
    if (items.length === 0) throw new NocturneError('no_files')
    const crosswalk = await this.#context.crosswalk.end()
    const brought = { items, partOf: this.#partOf, complete: options.complete, crosswalk }
    const answer = await commitEnvelope(this.#rooms, this.#begun, this.#envelope, brought)
    this.#end()
    return answer
  }

  /** Leaves nothing behind but the event that says so. Never throws: what it cannot do now, the sweep does later. */
  async abandon(cause: unknown): Promise<void> {
    await Promise.allSettled(this.#items)
    await this.#context.crosswalk.drop()
    this.#end()
    await abandonEnvelope(this.#rooms, this.#begun, asNocturneError(cause).code)
  }

  #follow(settled: Promise<SettledItem>): void {
    this.#items.push(settled)
    this.#inFlight.add(settled)
    settled.then(
      (item) => {
        this.#inFlight.delete(settled)
        this.#count(item)
      },
      (error: unknown) => {
        this.#inFlight.delete(settled)
        this.#fatal ??= asNocturneError(error)
      },
    )
  }

  #count(item: SettledItem): void {
    if (item.outcome !== 'accepted') return
    this.#bytes += item.digests.plaintext.size
    if (this.#begun.bytesBefore + this.#bytes > this.#context.limits.transferBytes) {
      this.#fatal ??= new NocturneError('transfer_too_large')
    }
  }

  #end(): void {
    this.#stopLease()
    this.#envelope.close()
  }
}
