import { NocturneError, type Place } from '../lib/errors.js'
import { freeMemory } from '../lib/free-memory.js'
import { LARGE_BYTES, type LargeHeaderTurn } from '../lib/large-headers.js'

const EMPTY = Buffer.alloc(0)

/**
 * Reads the bytes of an instance as they arrive. Bytes requested with `fill` stay in `buffer`; the
 * rest is streamed through. An error from the source is kept in `failure`, so that it is not
 * mistaken for a fault in the file.
 */
export class Reader {
  readonly #source: AsyncIterator<Buffer>
  readonly #limit: number
  readonly #turn: LargeHeaderTurn | undefined
  #buffer: Buffer = EMPTY
  /** What `peek` has read, which follows the buffer. */
  readonly #ahead: Buffer[] = []
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
   * The bytes held since the last `forget`. Offsets stay valid until the next `forget`, the buffer
   * itself only until the next `fill`.
   */
  get buffer(): Buffer {
    return this.#buffer
  }

  get filled(): number {
    return this.#filled
  }

  /** Position of the start of the buffer within the source. */
  get position(): number {
    return this.#pulled - this.#filled
  }

  /**
   * Reads until the buffer reaches the offset `until`, or the source ends.
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
   * The bytes from the offset `from` of the buffer on, without consuming them: at least `count`, if
   * there are that many. They are held in memory until they are consumed.
   */
  async peek(from: number, count: number): Promise<readonly Buffer[]> {
    const held = [this.#buffer.subarray(from, this.#filled), ...this.#ahead]
    let length = held.reduce((sum, one) => sum + one.length, 0)
    while (length < count) {
      const chunk = await this.#receive(false)
      if (chunk === undefined) break
      this.#ahead.push(chunk)
      held.push(chunk)
      length += chunk.length
    }
    return held
  }

  /**
   * Discards the first `count` bytes of the buffer, and frees their memory if they are many.
   * Offsets are counted from the new start afterwards.
   */
  forget(count: number): void {
    const all = this.#buffer
    const left = all.subarray(count, this.#filled)
    const isLarge = count > left.length && this.#owned.has(all)
    this.#buffer = isLarge ? Buffer.from(left) : left
    this.#filled = left.length
    if (isLarge) freeMemory(all)
  }

  /**
   * Yields the next `count` bytes without copying or holding them. Not a generator, which would
   * cost several promises more per chunk.
   *
   * @throws NocturneError `truncated`
   */
  take(count: number): AsyncIterableIterator<Buffer, undefined> {
    let left = count
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      if (left <= 0) return { done: true, value: undefined }
      const chunk = this.#filled > 0 ? this.#held() : await this.#pull()
      const part = this.#upTo(left, chunk)
      left -= part.length
      return { done: false, value: part }
    }
    const end = (): Promise<IteratorReturnResult<undefined>> => {
      left = 0
      return Promise.resolve({ done: true, value: undefined })
    }
    const iterator = { next, return: end, [Symbol.asyncIterator]: () => iterator }
    return iterator
  }

  /**
   * Returns the next bytes without copying them: at least one byte and at most `most`.
   *
   * @throws NocturneError `truncated`
   */
  async takeSome(most: number): Promise<Buffer> {
    return this.#upTo(most, this.#filled > 0 ? this.#held() : await this.#pull())
  }

  /** At most `most` bytes of a chunk; the rest goes back to the buffer. */
  #upTo(most: number, chunk: Buffer | undefined): Buffer {
    if (chunk === undefined) throw new NocturneError('truncated', { place: this.#end() })
    if (chunk.length <= most) return chunk
    this.#putBack(chunk.subarray(most))
    return chunk.subarray(0, most)
  }

  /**
   * Skips `count` bytes, or all remaining bytes if there are fewer.
   *
   * @returns whether there were `count` bytes.
   */
  async skipUpTo(count: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      const chunk = this.#filled > 0 ? this.#held() : await this.#pull()
      if (chunk === undefined) return false
      if (chunk.length > left) this.#putBack(chunk.subarray(left))
      left -= chunk.length
    }
    return true
  }

  async *rest(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const chunk = this.#filled > 0 ? this.#held() : await this.#pull()
      if (chunk === undefined) return
      yield chunk
    }
  }

  #end(): Place {
    return { rule: 'the file ends inside a value (PS3.5 section 7.1)', offset: this.position }
  }

  /** Takes what the buffer holds. */
  #held(): Buffer {
    const held = this.#buffer.subarray(0, this.#filled)
    this.#buffer = EMPTY
    this.#filled = 0
    return held
  }

  #putBack(chunk: Buffer): void {
    this.#buffer = chunk
    this.#filled = chunk.length
  }

  #pull(): Promise<Buffer | undefined> {
    const ahead = this.#ahead.shift()
    if (ahead === undefined) return this.#receive(true)
    this.#pulled += ahead.length
    return Promise.resolve(ahead)
  }

  /** @param isPulled whether the chunk is consumed, not only looked at. */
  async #receive(isPulled: boolean): Promise<Buffer | undefined> {
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
        if (isPulled) this.#pulled += step.value.length
        return step.value
      }
    }
    return undefined
  }

  /**
   * Grows by doubling, so that a header arriving in small pieces is copied only a bounded number of
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

  /** Buffers allocated here. Only these may be written to. */
  readonly #owned = new WeakSet<Buffer>()
}
