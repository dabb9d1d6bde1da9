/**
 * A pool of reusable memory blocks: allocating a fresh block costs about half as much time as
 * encrypting it.
 */

/** The unit of work: one partial length, and one chunk of a version 2 packet. */
export const BLOCK_BYTES = 2 ** 20

/** Room in front of a block for a packet tag and the longest length header. */
export const HEAD_BYTES = 6

/** The pool keeps at most this many blocks, 8 MB in all. */
const MOST = 8
const free: Buffer[] = []

/** A block of HEAD_BYTES + BLOCK_BYTES octets with its own memory and undefined content. */
export const newBlock = (): Buffer => Buffer.allocUnsafeSlow(HEAD_BYTES + BLOCK_BYTES)

/** A block as from `newBlock`, reused from the pool when one is available. */
export const takeBlock = (): Buffer => free.pop() ?? newBlock()

/**
 * Returns a block to the pool. The caller must no longer use it, and must have overwritten any
 * plaintext in it.
 */
export function giveBlock(block: Buffer): void {
  if (free.length < MOST) free.push(block)
}
