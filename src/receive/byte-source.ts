/**
 * Looks ahead into a stream without copying the data that follows. One operation at a time.
 *
 * A failure of the stream is remembered: the data before it can still be peeked at and read, and
 * then `chunk()` throws it. So the way a stream is split into chunks never changes the result.
 */
export class ByteSource {
  readonly #upstream: AsyncIterator<Buffer>
  readonly #chunks: Buffer[] = []
  #buffered = 0
  #offset = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#upstream = bytes[Symbol.asyncIterator]()
  }

  /** Bytes consumed so far. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes taken from the stream so far, consumed or not. */
  get seen(): number {
    return this.#offset + this.#buffered
  }

  /** The error of the stream, once reading has reached it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /**
   * Returns the next `count` bytes, fewer only where the stream ends or fails. Consumes nothing.
   */
  async peek(count: number): Promise<Buffer> {
    while (this.#buffered < count && (await this.#pull()));
    const first = this.#chunks[0] ?? Buffer.alloc(0)
    if (first.length >= count) return first.subarray(0, count)
    return this.#chunks.length < 2
      ? first
      : Buffer.concat(this.#chunks, Math.min(count, this.#buffered))
  }

  /**
   * The data at hand, or undefined at the end and before more is read.
   * @throws the error of the stream, once nothing is left before it
   */
  held(): Buffer | undefined {
    if (this.#buffered === 0 && this.#failure) throw this.#failure.error
    return this.#chunks[0]
  }

  /**
   * Returns the data at hand, at least one byte, or undefined at the end. Consumes nothing.
   * @throws the error of the stream
   */
  async chunk(): Promise<Buffer | undefined> {
    if (this.#buffered === 0) await this.#pull()
    return this.held()
  }

  /**
   * Reads more if there is no data at hand, which `held` then returns: the same as `chunk`, with
   * one promise less.
   */
  more(): Promise<boolean> {
    return this.#buffered === 0 ? this.#pull() : Promise.resolve(true)
  }

  /** Consumes `count` bytes, at most as many as `peek` or `chunk` has shown. */
  consume(count: number): void {
    this.#offset += count
    this.#buffered -= count
    let left = count
    while (left > 0) {
      const first = this.#chunks[0]
      if (first === undefined) throw new RangeError('more consumed than was seen')
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left)
        return
      }
      left -= first.length
      this.#chunks.shift()
    }
  }

  /**
   * Reads and consumes exactly `count` bytes; undefined when the stream ends or fails before. For
   * small records.
   */
  async read(count: number): Promise<Buffer | undefined> {
    const bytes = await this.peek(count)
    if (bytes.length < count) return undefined
    this.consume(count)
    return bytes
  }

  /**
   * Returns how many bytes were skipped: fewer than `count` only where the stream ends or fails.
   */
  async skip(count: number): Promise<number> {
    let left = count
    while (left > 0 && (this.#buffered > 0 || (await this.#pull()))) {
      const step = Math.min(left, this.#chunks[0]?.length ?? 0)
      this.consume(step)
      left -= step
    }
    return count - left
  }

  /** Releases the stream. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#upstream.return?.()
  }

  async #pull(): Promise<boolean> {
    while (!this.#ended) {
      try {
        const next = await this.#upstream.next()
        if (next.done === true) this.#ended = true
        else if (next.value.length > 0) {
          this.#chunks.push(next.value)
          this.#buffered += next.value.length
          return true
        }
      } catch (error) {
        this.#ended = true
        this.#failure = { error }
      }
    }
    return false
  }
}
