/** A sealed object that is being stored while its bytes still arrive. */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { StoredItem } from '../../store/index.js'

/**
 * Seals the stream to the facility and stores it. This is the only way for an original to leave
 * memory.
 */
export type KeepSealed = (bytes: AsyncIterable<Buffer>) => Promise<StoredItem>

export class Spool {
  readonly #stream: PassThrough
  readonly #stored: Promise<StoredItem>

  /**
   * @param waiting number of bytes that may wait for the store before `push` waits
   */
  constructor(keepSealed: KeepSealed, waiting: number) {
    this.#stream = new PassThrough({ highWaterMark: waiting })
    this.#stored = keepSealed(this.#stream)
    // If the store fails, the writer must not wait for a `drain` event that never comes.
    this.#stored.catch(() => this.#stream.destroy())
    this.#stream.on('error', () => undefined)
  }

  /**
   * Writes one piece as a unit: pieces pushed concurrently do not interleave.
   * @throws the store's errors
   */
  async push(piece: Buffer | string): Promise<void> {
    if (this.#stream.destroyed) await this.#stored
    if (!this.#stream.write(piece)) await Promise.race([once(this.#stream, 'drain'), this.#stored])
  }

  /**
   * @throws the store's errors
   */
  end(): Promise<StoredItem> {
    this.#stream.end()
    return this.#stored
  }

  /** Discards it. Never throws. */
  async drop(): Promise<void> {
    this.#stream.destroy(new Error('the upload was given up'))
    await this.#stored.catch(() => undefined)
  }
}
