/**
 * Buffers of one size, used again: left to the garbage collector, parts of large uploads pile up to
 * several times what is in use. Only a buffer that nothing reads any more may come back: the one of
 * a failed request may not.
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

  /** A buffer of `size` bytes, with anything in it. */
  take(size: number): Buffer {
    if (size !== this.#size) return Buffer.allocUnsafe(size)
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(size)
    this.#ours.add(buffer)
    return buffer
  }

  /** Overlooks a buffer that did not come from here: a part may be the source's own memory. */
  giveBack(buffer: Buffer): void {
    if (this.#ours.has(buffer) && this.#free.length < this.#keep) this.#free.push(buffer)
  }
}
