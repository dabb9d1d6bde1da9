/** Builds inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2) from tiles. */
import { nodeInput } from './merkle.js'
import type { Sha256 } from './merkle.js'

/** Returns the hash of the complete subtree over the `2^height` leaves from `index * 2^height`. */
export type ReadNode = (height: number, index: number) => Promise<Uint8Array>

export interface Tree {
  readonly size: number
  readonly node: ReadNode
  root(): Promise<Uint8Array>
  /** From the leaf's sibling up to a child of the root. `index` must be below the size. */
  inclusion(index: number): Promise<readonly Uint8Array[]>
  /** Proves that this tree extends the tree of its first `from` leaves; `from` is at least 1. */
  consistency(from: number): Promise<readonly Uint8Array[]>
}

export function createTree(sha256: Sha256, size: number, readNode: ReadNode): Tree {
  /**
   * Incomplete subtrees at the right edge. There are at most as many as the tree has levels, and
   * every proof needs them.
   */
  const edge = new Map<number, Uint8Array>()

  async function hashOf(from: number, until: number): Promise<Uint8Array> {
    const length = until - from
    const height = Math.log2(length)
    if (Number.isInteger(height) && 2 ** height === length) return readNode(height, from / length)
    const known = until === size ? edge.get(from) : undefined
    if (known) return known
    const middle = from + largestPowerBelow(length)
    const hash = sha256(nodeInput(await hashOf(from, middle), await hashOf(middle, until)))
    if (until === size) edge.set(from, hash)
    return hash
  }

  return {
    size,
    node: readNode,
    root: () => (size === 0 ? Promise.resolve(sha256(new Uint8Array())) : hashOf(0, size)),
    inclusion: async (index) => {
      const path: Uint8Array[] = []
      let [from, until] = [0, size]
      while (until - from > 1) {
        const middle = from + largestPowerBelow(until - from)
        if (index < middle) {
          path.push(await hashOf(middle, until))
          until = middle
        } else {
          path.push(await hashOf(from, middle))
          from = middle
        }
      }
      return path.reverse()
    },
    consistency: async (old) => {
      const path: Uint8Array[] = []
      let [from, until] = [0, size]
      /**
       * False once the old tree ends inside a subtree that is not its own root, so that the proof
       * must include that subtree's hash.
       */
      let isWhole = true
      while (old < until) {
        const middle = from + largestPowerBelow(until - from)
        if (old <= middle) {
          path.push(await hashOf(middle, until))
          until = middle
        } else {
          path.push(await hashOf(from, middle))
          from = middle
          isWhole = false
        }
      }
      if (!isWhole) path.push(await hashOf(from, until))
      return path.reverse()
    },
  }
}

/** The largest power of two smaller than `length`, which must be at least 2. */
function largestPowerBelow(length: number): number {
  let power = 1
  while (power * 2 < length) power *= 2
  return power
}
