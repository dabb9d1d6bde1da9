/**
 * The items of one upload between the door and the commit: how many are made durable at a time, how
 * much they come to, and the first failure that ends all of them.
 */
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import type { SettledItem } from './settle.js'

export interface FlightLimits {
  /** Of the whole transfer, and what earlier requests have brought. */
  readonly transferItems: number
  readonly transferBytes: number
  readonly itemsBefore: number
  readonly bytesBefore: number
}

/** Items whose bytes have been read and that are being made durable while the next ones come in. */
const ITEMS_IN_FLIGHT = 8

export class Flight {
  readonly #limits: FlightLimits
  readonly #items: Promise<SettledItem>[] = []
  /** Number of the part, from 1, that each item came in: an archive brings many. */
  readonly #partOf: number[] = []
  readonly #inFlight = new Set<Promise<unknown>>()
  #bytes: number
  #fatal: NocturneError | undefined

  constructor(limits: FlightLimits) {
    this.#limits = limits
    this.#bytes = limits.bytesBefore
  }

  /** Items so far. */
  get count(): number {
    return this.#items.length
  }

  /**
   * Asked before an item is begun.
   * @throws NocturneError `too_many_items`, or what has ended the upload
   */
  expectRoom(): void {
    if (this.#fatal) throw this.#fatal
    if (this.#limits.itemsBefore + this.#items.length >= this.#limits.transferItems)
      throw new NocturneError('too_many_items')
  }

  /**
   * Resolves when the next item may begin: `consumed` says that this one's bytes have been read.
   */
  async follow(
    part: number,
    settled: Promise<SettledItem>,
    consumed: Promise<void>,
  ): Promise<void> {
    this.#partOf.push(part)
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
    await Promise.race([consumed, settled])
    while (this.#inFlight.size >= ITEMS_IN_FLIGHT) await Promise.race(this.#inFlight)
  }

  /**
   * Waits for the store.
   * @throws NocturneError `no_files`, `transfer_too_large`, and what a store refuses
   */
  async land(): Promise<{
    readonly items: readonly SettledItem[]
    readonly partOf: readonly number[]
  }> {
    const items = await Promise.all(this.#items)
    if (this.#fatal) throw this.#fatal
    if (items.length === 0) throw new NocturneError('no_files')
    return { items, partOf: this.#partOf }
  }

  /** Resolves when nothing is under way any more, whatever became of it. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#items)
  }

  #count(item: SettledItem): void {
    if (item.outcome !== 'accepted') return
    this.#bytes += item.digests.plaintext.size
    if (this.#bytes > this.#limits.transferBytes)
      this.#fatal ??= new NocturneError('transfer_too_large')
  }
}
