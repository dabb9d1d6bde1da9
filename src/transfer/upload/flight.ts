/**
 * The items of one upload between door and commit: limits how many are being made durable at a
 * time, adds up their size, and remembers the first failure that ends them all.
 */
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import type { SettledItem } from './settle.js'

export interface FlightLimits {
  /** Limit for the whole transfer, and how many items earlier requests contained. */
  readonly transferItems: number
  readonly transferBytes: number
  readonly itemsBefore: number
  readonly bytesBefore: number
}

/** Items that were read completely and are still being made durable while the next ones arrive. */
const ITEMS_IN_FLIGHT = 8

export class Flight {
  readonly #limits: FlightLimits
  readonly #items: Promise<SettledItem>[] = []
  /** For each item, the part that contained it, counted from 1: an archive yields many items. */
  readonly #partOf: number[] = []
  readonly #inFlight = new Set<Promise<unknown>>()
  #bytes: number
  #fatal: NocturneError | undefined

  constructor(limits: FlightLimits) {
    this.#limits = limits
    this.#bytes = limits.bytesBefore
  }

  /** Number of items so far. */
  get count(): number {
    return this.#items.length
  }

  /**
   * Check before starting an item.
   * @throws NocturneError `too_many_items`, or the error that ended the upload
   */
  expectRoom(): void {
    if (this.#fatal) throw this.#fatal
    if (this.#limits.itemsBefore + this.#items.length >= this.#limits.transferItems)
      throw new NocturneError('too_many_items')
  }

  /**
   * Resolves when the next item may begin. `consumed` resolves when this item has been read
   * completely.
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
   * Waits until everything is stored.
   * @throws NocturneError `no_files`, `transfer_too_large`; store errors
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

  /** Resolves when nothing is in progress any more, whatever the outcome. */
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
