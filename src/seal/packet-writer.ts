import { BLOCK_BYTES, HEAD_BYTES, newBlock } from './blocks.js'
import { bodyLength, NEW_FORMAT, PARTIAL_EXPONENT, partialLength } from './packets.js'

/**
 * Frames bytes of unknown total length as one packet: blocks of 2^20 bytes with partial lengths,
 * then a last block with its exact length. Whatever the sizes written, `emit` receives whole
 * blocks, so that later stages handle a few large pieces. Content of up to one block gets a single
 * definite length.
 */
export class PacketWriter {
  readonly #emit: (frame: Buffer) => void
  #block = newBlock()
  #filled = 0
  #tag: number | undefined

  /** The receiver of a frame owns its memory. */
  constructor(tag: number, emit: (frame: Buffer) => void) {
    this.#tag = tag
    this.#emit = emit
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      // A full block is held back until more follows, because it may be the last one.
      if (this.#filled === BLOCK_BYTES) {
        this.#flush(Uint8Array.of(partialLength(PARTIAL_EXPONENT)))
        this.#block = newBlock()
      }
      const count = Math.min(bytes.length - at, BLOCK_BYTES - this.#filled)
      this.#block.set(
        count === bytes.length ? bytes : bytes.subarray(at, at + count),
        HEAD_BYTES + this.#filled,
      )
      this.#filled += count
      at += count
    }
  }

  /** Emits the last block, whose length is now known. */
  end(): void {
    this.#flush(bodyLength(this.#filled))
  }

  #flush(length: Uint8Array): void {
    let start = HEAD_BYTES - length.length
    this.#block.set(length, start)
    if (this.#tag !== undefined) this.#block[--start] = NEW_FORMAT | this.#tag
    this.#tag = undefined
    this.#emit(this.#block.subarray(start, HEAD_BYTES + this.#filled))
    this.#filled = 0
  }
}
