import { BLOCK_BYTES, HEAD_BYTES, takeBlock } from './blocks.js'
import type { Sealable } from './stations.js'
import { bodyLength, NEW_FORMAT, PARTIAL_EXPONENT, partialLength, TAG } from './packets.js'

/**
 * Literal data header (RFC 9580 section 5.9): binary, with no file name and no date, so that it
 * reveals nothing about the content.
 */
const LITERAL_HEADER = Uint8Array.of(0x62, 0, 0, 0, 0, 0)

/** A piece of plaintext to encrypt, in its own memory from `takeBlock`. */
export interface Frame {
  readonly bytes: Uint8Array
  /** Offset of the content in `bytes`, after any packet headers. */
  readonly contentAt: number
  readonly isLast: boolean
}

/**
 * Frames the content as one literal packet while gathering it: blocks of 2^20 octets with partial
 * lengths, then a last block with its exact length. Content of up to one block gets a single
 * definite length. Every octet is copied once.
 */
export async function* literalFrames(
  content: Sealable | Iterable<Uint8Array>,
): AsyncGenerator<Frame, void, undefined> {
  let block = takeBlock()
  let isFirst = true
  block.set(LITERAL_HEADER, HEAD_BYTES)
  let filled = LITERAL_HEADER.length
  const close = (length: Uint8Array, isLast: boolean): Frame => {
    let start = HEAD_BYTES - length.length
    block.set(length, start)
    if (isFirst) block[--start] = NEW_FORMAT | TAG.literal
    const contentAt = HEAD_BYTES - start + (isFirst ? LITERAL_HEADER.length : 0)
    isFirst = false
    return { bytes: block.subarray(start, HEAD_BYTES + filled), contentAt, isLast }
  }
  for await (const piece of content) {
    for (let at = 0; at < piece.length;) {
      // A full block is held back until more content follows, because it may be the last one.
      if (filled === BLOCK_BYTES) {
        yield close(Uint8Array.of(partialLength(PARTIAL_EXPONENT)), false)
        block = takeBlock()
        filled = 0
      }
      const count = Math.min(BLOCK_BYTES - filled, piece.length - at)
      block.set(
        count === piece.length ? piece : piece.subarray(at, at + count),
        HEAD_BYTES + filled,
      )
      filled += count
      at += count
    }
  }
  yield close(bodyLength(filled), true)
}

/** Cuts packets that are already built, such as a signed message, into frames. */
export async function* packetFrames(packets: Uint8Array): AsyncGenerator<Frame, void, undefined> {
  for (let at = 0; at < packets.length; at += BLOCK_BYTES) {
    const part = packets.subarray(at, at + BLOCK_BYTES)
    const block = takeBlock()
    block.set(part)
    const isLast = at + BLOCK_BYTES >= packets.length
    yield await Promise.resolve({ bytes: block.subarray(0, part.length), contentAt: 0, isLast })
  }
}
