import { NocturneError } from '../lib/errors.js'
import type { ByteSource } from './byte-source.js'

/**
 * The compressed bytes of one entry: limited to the declared size where it is known, and always
 * counted.
 */
export class EntryFeed {
  readonly source: ByteSource
  /**
   * Undefined when the end can be found only from the data itself or from a descriptor after it.
   */
  readonly size: number | undefined
  #consumed = 0
  #offered = 0
  #failed = false

  constructor(source: ByteSource, size: number | undefined) {
    this.source = source
    this.size = size
  }

  get consumed(): number {
    return this.#consumed
  }

  /** Bytes consumed, plus those currently being processed. */
  get offered(): number {
    return this.#offered
  }

  /** Whether the archive ended or failed within this entry. */
  get isFailed(): boolean {
    return this.#failed
  }

  /**
   * Returns undefined at the known end.
   * @throws NocturneError `truncated`, or the error of the archive's own stream
   */
  async chunk(): Promise<Buffer | undefined> {
    const left = (this.size ?? Infinity) - this.#consumed
    if (left === 0) return undefined
    try {
      const chunk = await this.source.chunk()
      if (chunk === undefined) throw new NocturneError('truncated')
      const mine = chunk.length > left ? chunk.subarray(0, left) : chunk
      this.#offered = this.#consumed + mine.length
      return mine
    } catch (error) {
      this.#failed = true
      throw error
    }
  }

  consume(count: number): void {
    this.source.consume(count)
    this.#consumed += count
  }
}
