/**
 * Looks ahead into a stream without copying what follows the look. One operation at a time.
 *
 * A failure of the stream is kept: what came before it can still be looked at and read, then
 * `chunk()` throws it. So how a stream is cut into chunks never changes what is seen.
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

  /** What the stream failed with, once that was met. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** The next `count` bytes, fewer only where the stream ends or fails. Consumes nothing. */
  async peek(count: number): Promise<Buffer> {
    while (this.#buffered < count && (await this.#pull()));
    const first = this.#chunks[0] ?? Buffer.alloc(0)
    if (first.length >= count) return first.subarray(0, count)
    return this.#chunks.length < 2
      ? first
      : Buffer.concat(this.#chunks, Math.min(count, this.#buffered))
  }

  /**
   * What is at hand, at least one byte, or undefined at the end. Consumes nothing.
   * @throws what the stream failed with
   */
  async chunk(): Promise<Buffer | undefined> {
    if (this.#buffered === 0 && !(await this.#pull()) && this.#failure) throw this.#failure.error
    return this.#chunks[0]
  }

  /** Marks as read: `count` is at most what `peek` or `chunk` has shown. */
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
   * Exactly `count` bytes, consumed; undefined when the stream ends or fails before. For small
   * records.
   */
  async read(count: number): Promise<Buffer | undefined> {
    const bytes = await this.peek(count)
    if (bytes.length < count) return undefined
    this.consume(count)
    return bytes
  }

  /**
   * Answers how many bytes could be skipped: fewer than `count` only where the stream ends or
   * fails.
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

  /** Lets go of the stream. */
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
