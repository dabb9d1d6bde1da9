/** A sealed object that is being stored while its bytes are still coming. */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { StoredItem } from '../../store/index.js'

/**
 * Seals the stream to the facility and stores it: the only way out of memory that an original has.
 */
export type KeepSealed = (bytes: AsyncIterable<Buffer>) => Promise<StoredItem>

export class Spool {
  readonly #stream: PassThrough
  readonly #stored: Promise<StoredItem>

  /** @param waiting bytes that may wait for the store before `push` does. */
  constructor(keepSealed: KeepSealed, waiting: number) {
    this.#stream = new PassThrough({ highWaterMark: waiting })
    this.#stored = keepSealed(this.#stream)
    // A store that fails must not leave the writer waiting for a drain that never comes.
    this.#stored.catch(() => this.#stream.destroy())
    this.#stream.on('error', () => undefined)
  }

  /**
   * One piece, whole: pieces that are pushed at the same time do not mix.
   * @throws what the store refuses
   */
  async push(piece: Buffer | string): Promise<void> {
    if (this.#stream.destroyed) await this.#stored
    if (!this.#stream.write(piece)) await Promise.race([once(this.#stream, 'drain'), this.#stored])
  }

  /** @throws what the store refuses */
  end(): Promise<StoredItem> {
    this.#stream.end()
    return this.#stored
  }

  /** Nothing of it is kept. Never throws. */
  async drop(): Promise<void> {
    this.#stream.destroy(new Error('the upload was given up'))
    await this.#stored.catch(() => undefined)
  }
}
