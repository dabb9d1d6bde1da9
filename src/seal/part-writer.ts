import { bodyLength, NEW_FORMAT, partialLength } from './packets.js'

/**
 * Smaller pieces are joined with their neighbours, so that later stages handle a few large pieces.
 */
const SMALL_BYTES = 4096

/**
 * Frames pieces of unknown total length as one packet without copying them. Each write is emitted
 * in partial lengths, the largest first, and the last write with its exact length, so a chunk of
 * 2^20 octets stays in one part. A packet made by a single write gets a definite length.
 */
export class PartWriter {
  readonly #emit: (bytes: Buffer) => void
  #tag: number | undefined
  /** The most recent write, held back until more follows, because it may be the last one. */
  #held: readonly Buffer[] = []
  #small: Buffer[] = []

  /** The receiver of the emitted bytes owns their memory. */
  constructor(tag: number, emit: (bytes: Buffer) => void) {
    this.#tag = tag
    this.#emit = emit
  }

  /**
   * Each piece must have its own memory. The first write must hold at least 512 octets in total,
   * unless only `end` follows.
   */
  write(pieces: readonly Buffer[]): void {
    const before = this.#held
    this.#held = pieces
    if (before.length > 0) this.#flushInParts(before)
  }

  end(pieces: readonly Buffer[]): void {
    const last = [...this.#held, ...pieces]
    this.#length(bodyLength(sizeOf(last)))
    for (const piece of last) this.#add(piece)
    this.#flushSmall()
  }

  #flushInParts(pieces: readonly Buffer[]): void {
    let size = sizeOf(pieces)
    let room = 0
    for (let piece of pieces)
      while (piece.length > 0) {
        if (room === 0) {
          const exponent = 31 - Math.clz32(size)
          this.#length(Uint8Array.of(partialLength(exponent)))
          room = 2 ** exponent
          size -= room
        }
        const taken = piece.subarray(0, room)
        // Copied, because an emitted piece must not share memory with anything else.
        const rest = Buffer.from(piece.subarray(taken.length))
        this.#add(taken)
        room -= taken.length
        piece = rest
      }
  }

  #length(octets: Uint8Array): void {
    if (this.#tag !== undefined) this.#small.push(Buffer.of(NEW_FORMAT | this.#tag))
    this.#tag = undefined
    this.#small.push(Buffer.from(octets))
  }

  #add(piece: Buffer): void {
    if (piece.length < SMALL_BYTES) this.#small.push(piece)
    else {
      this.#flushSmall()
      this.#emit(piece)
    }
  }

  #flushSmall(): void {
    if (this.#small.length > 0) this.#emit(Buffer.concat(this.#small))
    this.#small = []
  }
}

const sizeOf = (pieces: readonly Buffer[]): number =>
  pieces.reduce((size, { length }) => size + length, 0)
