/**
 * A pool of buffers of one size. Left to the garbage collector, the parts of large uploads would
 * accumulate to several times the memory in use. Return a buffer only when nothing reads it any
 * more; the buffer of a failed request must not be returned.
 */
export class PartBuffers {
  readonly #size: number
  readonly #keep: number
  readonly #free: Buffer[] = []
  readonly #ours = new WeakSet<Buffer>()

  constructor(size: number, keep: number) {
    this.#size = size
    this.#keep = keep
  }

  /** Returns a buffer of `size` bytes with undefined content. */
  take(size: number): Buffer {
    if (size !== this.#size) return Buffer.allocUnsafe(size)
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(size)
    this.#ours.add(buffer)
    return buffer
  }

  /** Ignores a buffer that is not from this pool: a part may be the source's own memory. */
  giveBack(buffer: Buffer): void {
    if (this.#ours.has(buffer) && this.#free.length < this.#keep) this.#free.push(buffer)
  }
}
