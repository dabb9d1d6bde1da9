/**
 * The Merkle tree of RFC 6962 section 2.1, stored in the tiles of c2sp.org/tlog-tiles. A tile holds
 * 256 hashes of one level, and a hash of level L stands for a complete subtree of 256^L leaves.
 *
 * Indices may exceed 32 bits, so bitwise operators are not used on them.
 */
import { concat } from '../../lib/bytes.js'

export const TILE_WIDTH = 256
/** Tree levels per level of tiles. */
export const TILE_HEIGHT = 8
export const HASH_BYTES = 32

export type Sha256 = (bytes: Uint8Array) => Uint8Array

const LEAF = Uint8Array.of(0x00)
const NODE = Uint8Array.of(0x01)

/** The input whose SHA-256 is a leaf hash. */
export const leafInput = (entry: Uint8Array): Uint8Array => concat([LEAF, entry])
/** The input whose SHA-256 is the hash of an inner node. */
export const nodeInput = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  concat([NODE, left, right])

/**
 * Number of hashes in the last, partial tile of a level in a tree of `size` leaves; 0 when there is
 * none.
 */
export const partialWidth = (size: number, level: number): number =>
  Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH

/** Number of the tile in that level that the next hash is added to. */
export const partialTile = (size: number, level: number): number =>
  Math.floor(size / TILE_WIDTH ** (level + 1))

export interface Tile {
  readonly level: number
  readonly n: number
  readonly hashes: readonly Uint8Array[]
}

/** The right edge of a tree, which is all that appending needs. */
export interface Frontier {
  readonly size: number
  /** Adds a leaf; returns the tiles that became full, lowest level first. */
  append(leafHash: Uint8Array): readonly Tile[]
  root(): Uint8Array
  /** The partial tiles, lowest level first. */
  partials(): readonly Tile[]
  copy(): Frontier
}

interface Peak {
  readonly height: number
  readonly hash: Uint8Array
}

/**
 * Builds the frontier of a tree from its partial tiles: `levels[L]` holds `partialWidth(size, L)`
 * hashes. For an empty tree, call `createFrontier(sha256, 0, [])`.
 */
export function createFrontier(
  sha256: Sha256,
  size: number,
  levels: readonly (readonly Uint8Array[])[],
): Frontier {
  return frontierOf(
    sha256,
    size,
    levels.map((hashes) => [...hashes]),
    peaksOf(sha256, levels),
  )
}

function frontierOf(
  sha256: Sha256,
  sizeBefore: number,
  levels: Uint8Array[][],
  peaks: Peak[],
): Frontier {
  let size = sizeBefore
  return {
    get size() {
      return size
    },
    append: (leafHash) => {
      const filled: Tile[] = []
      let node: Peak = { height: 0, hash: leafHash }
      size += 1
      push(levels, 0, leafHash)
      for (let left = peaks.at(-1); left?.height === node.height; left = peaks.at(-1)) {
        peaks.pop()
        node = { height: node.height + 1, hash: sha256(nodeInput(left.hash, node.hash)) }
        if (node.height % TILE_HEIGHT !== 0) continue
        const level = node.height / TILE_HEIGHT
        const n = size / TILE_WIDTH ** level - 1
        filled.push({ level: level - 1, n, hashes: levels[level - 1] ?? [] })
        levels[level - 1] = []
        push(levels, level, node.hash)
      }
      peaks.push(node)
      return filled
    },
    root: () =>
      peaks.length === 0
        ? sha256(new Uint8Array())
        : peaks
            .map(({ hash }) => hash)
            .reduceRight((right, left) => sha256(nodeInput(left, right))),
    partials: () =>
      levels
        .map((hashes, level) => ({ level, n: partialTile(size, level), hashes }))
        .filter(({ hashes }) => hashes.length > 0),
    copy: () =>
      frontierOf(
        sha256,
        size,
        levels.map((hashes) => [...hashes]),
        [...peaks],
      ),
  }
}

function push(levels: Uint8Array[][], level: number, hash: Uint8Array): void {
  const hashes = levels[level]
  if (hashes) hashes.push(hash)
  else levels[level] = [hash]
}

/** The complete subtrees that the partial tiles represent, largest first. */
function peaksOf(sha256: Sha256, levels: readonly (readonly Uint8Array[])[]): Peak[] {
  return levels
    .flatMap((hashes, level) => {
      const rows = tileRows(sha256, hashes)
      const peaks: Peak[] = []
      let at = hashes.length
      for (const [k, row] of rows.entries()) {
        const span = 2 ** k
        if (Math.floor(hashes.length / span) % 2 === 0) continue
        at -= span
        const hash = row[at / span]
        if (hash) peaks.push({ height: level * TILE_HEIGHT + k, hash })
      }
      return peaks
    })
    .reverse()
}

/**
 * `rows[k][i]` is the hash of the complete subtree over the tile's hashes from `i * 2^k`, for every
 * subtree that is complete within the tile.
 */
export function tileRows(
  sha256: Sha256,
  hashes: readonly Uint8Array[],
): readonly (readonly Uint8Array[])[] {
  const rows = [hashes]
  for (let below = hashes; below.length > 1;) {
    const row: Uint8Array[] = []
    for (let i = 0; i + 1 < below.length; i += 2) {
      const [left, right] = [below[i], below[i + 1]]
      if (left && right) row.push(sha256(nodeInput(left, right)))
    }
    rows.push(row)
    below = row
  }
  return rows
}

export function splitHashes(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}
