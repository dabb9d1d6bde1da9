import { BLOCK_BYTES, HEAD_BYTES, takeBlock } from './blocks.js'
import type { Sealable } from './stations.js'
import { bodyLength, NEW_FORMAT, PARTIAL_EXPONENT, partialLength, TAG } from './packets.js'

/**
 * Literal data header (RFC 9580 section 5.9): binary, no file name, no date: neither says anything
 * of the content.
 */
const LITERAL_HEADER = Uint8Array.of(0x62, 0, 0, 0, 0, 0)

/** A part of what is to be encrypted, in memory of its own from `takeBlock`. */
export interface Frame {
  readonly bytes: Uint8Array
  /** Where the content begins in it, behind packet headers. */
  readonly contentAt: number
  readonly isLast: boolean
}

/**
 * The content as one literal packet, framed as it is gathered: blocks of 2^20 octets in partial
 * lengths, and a last one with its real length; a content of up to one block has a known length.
 * Every octet is copied once.
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
      // A full block goes out only when more follows: until then it may be the last one.
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

/** Packets that are there already, such as a signed message. */
export async function* packetFrames(packets: Uint8Array): AsyncGenerator<Frame, void, undefined> {
  for (let at = 0; at < packets.length; at += BLOCK_BYTES) {
    const part = packets.subarray(at, at + BLOCK_BYTES)
    const block = takeBlock()
    block.set(part)
    const isLast = at + BLOCK_BYTES >= packets.length
    yield await Promise.resolve({ bytes: block.subarray(0, part.length), contentAt: 0, isLast })
  }
}
