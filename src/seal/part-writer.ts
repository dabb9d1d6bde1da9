import { bodyLength, NEW_FORMAT, partialLength } from './packets.js'

/**
 * Smaller pieces are gathered with their neighbours, so that what follows works on few large ones.
 */
const SMALL_BYTES = 4096

/**
 * Frames pieces of unknown total length as one packet without copying them: what is written at a
 * time goes out in partial lengths, the largest first, and the last of it with its real length. So
 * a chunk of 2^20 octets lies in one part. A packet that is written at once has a known length.
 */
export class PartWriter {
  readonly #emit: (bytes: Buffer) => void
  #tag: number | undefined
  /** Until more follows it may be the end. */
  #held: readonly Buffer[] = []
  #small: Buffer[] = []

  /** What is emitted belongs to who gets it. */
  constructor(tag: number, emit: (bytes: Buffer) => void) {
    this.#tag = tag
    this.#emit = emit
  }

  /**
   * Pieces in memory of their own. The first time together at least 512 octets, unless nothing but
   * `end` follows.
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
        // Nothing else may lie in the memory of what is given away.
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
