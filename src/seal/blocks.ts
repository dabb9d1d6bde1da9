/**
 * Blocks of memory that are used again: a fresh one costs the system as much time as encrypting
 * half of it.
 */

/** Content that is worked on at a time: one partial length, and one chunk of version 2. */
export const BLOCK_BYTES = 2 ** 20

/** Room in front of a block for a packet's tag and the longest length. */
export const HEAD_BYTES = 6

/** Memory that may wait for use: 8 MB. */
const MOST = 8
const free: Buffer[] = []

/** HEAD_BYTES + BLOCK_BYTES octets in memory of their own; what they hold is not defined. */
export const newBlock = (): Buffer => Buffer.allocUnsafeSlow(HEAD_BYTES + BLOCK_BYTES)

/** The same, perhaps from `giveBlock`. */
export const takeBlock = (): Buffer => free.pop() ?? newBlock()

/**
 * Keeps a block that nobody looks at any more, and that was overwritten if it held plaintext, for
 * the next.
 */
export function giveBlock(block: Buffer): void {
  if (free.length < MOST) free.push(block)
}
