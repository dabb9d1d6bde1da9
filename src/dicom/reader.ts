import { NocturneError, type Place } from '../lib/errors.js'
import { freeMemory } from '../lib/free-memory.js'
import { LARGE_BYTES, type LargeHeaderTurn } from '../lib/large-headers.js'

/**
 * The bytes of an instance as they come. What was asked for with `fill` stays in `buffer`; the rest
 * passes through. A failure of the source is kept in `failure`, so that it is not mistaken for a
 * fault of the file.
 */
export class Reader {
  readonly #source: AsyncIterator<Buffer>
  readonly #limit: number
  readonly #turn: LargeHeaderTurn | undefined
  #buffer: Buffer = Buffer.alloc(0)
  #filled = 0
  #pulled = 0
  #ended = false
  failure: unknown

  constructor(source: AsyncIterable<Buffer>, limit: number, turn?: LargeHeaderTurn) {
    this.#source = source[Symbol.asyncIterator]()
    this.#limit = limit
    this.#turn = turn
  }

  /**
   * What is held, from the last `forget` on: offsets stay valid until the next, the buffer until
   * the next `fill`.
   */
  get buffer(): Buffer {
    return this.#buffer
  }

  get filled(): number {
    return this.#filled
  }

  /** Where what is held begins in the source. */
  get position(): number {
    return this.#pulled - this.#filled
  }

  /**
   * Holds bytes up to the offset `until`, or all there are.
   *
   * @throws NocturneError `header_over_limit` when that is more than may be held.
   */
  async fill(until: number): Promise<void> {
    if (until > this.#limit) throw new NocturneError('header_over_limit')
    if (until > LARGE_BYTES && this.#filled < until) await this.#turn?.begin()
    while (this.#filled < until) {
      const chunk = await this.#pull()
      if (chunk === undefined) return
      this.#append(chunk, until)
    }
  }

  /**
   * Lets go of the first `count` held bytes, and of their memory where they are many; offsets count
   * from there on.
   */
  forget(count: number): void {
    const all = this.#buffer
    const left = all.subarray(count, this.#filled)
    const isLarge = count > left.length && this.#owned.has(all)
    this.#buffer = isLarge ? Buffer.from(left) : left
    this.#filled = left.length
    if (isLarge) freeMemory(all)
  }

  /** The next `count` bytes, uncopied, holding none of them. @throws NocturneError `truncated` */
  async *take(count: number): AsyncGenerator<Buffer, void> {
    for (let left = count; left > 0;) {
      const part = await this.takeSome(left)
      left -= part.length
      yield part
    }
  }

  /**
   * A part of the next bytes, uncopied: at least one and `most` at most.
   * @throws NocturneError `truncated`
   */
  async takeSome(most: number): Promise<Buffer> {
    const chunk = await this.#next()
    if (chunk === undefined) throw new NocturneError('truncated', { place: this.#end() })
    if (chunk.length <= most) return chunk
    this.#putBack(chunk.subarray(most))
    return chunk.subarray(0, most)
  }

  /** Passes over `count` bytes, or all there are. Whether there were so many. */
  async skipUpTo(count: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      const chunk = await this.#next()
      if (chunk === undefined) return false
      if (chunk.length > left) this.#putBack(chunk.subarray(left))
      left -= chunk.length
    }
    return true
  }

  /** Everything that is left. */
  async *rest(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const chunk = await this.#next()
      if (chunk === undefined) return
      yield chunk
    }
  }

  #end(): Place {
    return { rule: 'the file ends inside a value (PS3.5 section 7.1)', offset: this.position }
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#filled === 0) return this.#pull()
    const held = this.#buffer.subarray(0, this.#filled)
    this.#buffer = Buffer.alloc(0)
    this.#filled = 0
    return held
  }

  #putBack(chunk: Buffer): void {
    this.#buffer = chunk
    this.#filled = chunk.length
  }

  async #pull(): Promise<Buffer | undefined> {
    while (!this.#ended) {
      let step
      try {
        step = await this.#source.next()
      } catch (error) {
        this.failure = error
        throw error
      }
      if (step.done === true) this.#ended = true
      else if (step.value.length > 0) {
        this.#pulled += step.value.length
        return step.value
      }
    }
    return undefined
  }

  /**
   * Grows by doubling, so that a header that comes in small pieces is copied a bounded number of
   * times.
   */
  #append(chunk: Buffer, wanted: number): void {
    const length = this.#filled + chunk.length
    if (this.#filled === 0) {
      this.#buffer = chunk
    } else {
      if (length > this.#buffer.length || !this.#owned.has(this.#buffer)) {
        const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#filled, wanted))
        const before = this.#buffer
        before.copy(grown, 0, 0, this.#filled)
        this.#buffer = grown
        if (this.#owned.has(before)) freeMemory(before)
        this.#owned.add(grown)
      }
      chunk.copy(this.#buffer, this.#filled)
    }
    this.#filled = length
  }

  /** Buffers of our own making: only they may be written to. */
  readonly #owned = new WeakSet<Buffer>()
}
