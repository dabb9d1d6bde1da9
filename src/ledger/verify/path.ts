/** Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2), made from tiles. */
import { nodeInput } from './merkle.js'
import type { Sha256 } from './merkle.js'

/**
 * The hash of the complete subtree over leaves `index * 2^height` and the `2^height - 1` after it.
 */
export type ReadNode = (height: number, index: number) => Promise<Uint8Array>

export interface Tree {
  readonly size: number
  readonly node: ReadNode
  root(): Promise<Uint8Array>
  /** From the leaf's sibling to the root's child. `index` is below the size. */
  inclusion(index: number): Promise<readonly Uint8Array[]>
  /** That this tree begins with the whole of a tree of `from` leaves, 1 or more. */
  consistency(from: number): Promise<readonly Uint8Array[]>
}

export function createTree(sha256: Sha256, size: number, readNode: ReadNode): Tree {
  /**
   * Subtrees cut off by the right edge: no more of them than the tree is high, and in every proof.
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
       * Whether the old tree ends inside a subtree that is not its own root, so that its hash must
       * be given.
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

/** The largest power of two that is smaller than `length`, which is 2 or more. */
function largestPowerBelow(length: number): number {
  let power = 1
  while (power * 2 < length) power *= 2
  return power
}
