import { BLOCK_BYTES, giveBlock, HEAD_BYTES, newBlock, takeBlock } from './blocks.js'
import { bodyLength, NEW_FORMAT, PARTIAL_EXPONENT, partialLength } from './packets.js'

/**
 * Frames bytes of unknown total length as one packet: blocks of 2^18 bytes with partial lengths, and a last one
 * with its real length. Whatever the sizes written, `emit` gets whole blocks, so that what follows works on few large
 * pieces. A content of up to one block becomes a packet of known length.
 */
export class PacketWriter {
  readonly #emit: (frame: Buffer) => void
  readonly #reuse: boolean
  #block: Buffer
  #filled = 0
  #tag: number | undefined

  /** `reuse`: the frame's memory is written again after `emit` returns. Else each frame belongs to who gets it. */
  constructor(tag: number, emit: (frame: Buffer) => void, reuse: boolean) {
    this.#tag = tag
    this.#emit = emit
    this.#reuse = reuse
    this.#block = reuse ? takeBlock() : newBlock()
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      // A full block goes out only when more follows: until then it may be the last one.
      if (this.#filled === BLOCK_BYTES) {
        this.#flush(Uint8Array.of(partialLength(PARTIAL_EXPONENT)))
        if (!this.#reuse) this.#block = newBlock()
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

  /** Emits the last block. */
  end(): void {
    this.#flush(bodyLength(this.#filled))
  }

  /** Overwrites what the block holds; the last call. Only for a writer that reuses its block: others have given theirs away. */
  clear(): void {
    giveBlock(this.#block)
    this.#block = Buffer.alloc(0)
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
