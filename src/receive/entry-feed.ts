import { NocturneError } from '../lib/errors.js'
import type { ByteSource } from './byte-source.js'

/** The compressed bytes of one entry: bounded where the size is known, counted in any case. */
export class EntryFeed {
  readonly source: ByteSource
  /** Undefined when only the data itself, or a descriptor after it, tells where it ends. */
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

  /** Consumed, and what is being worked on. */
  get offered(): number {
    return this.#offered
  }

  /** The archive ended or failed within this entry. */
  get isFailed(): boolean {
    return this.#failed
  }

  /**
   * Undefined at the known end.
   * @throws NocturneError `truncated`, or what the archive's own stream failed with
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
