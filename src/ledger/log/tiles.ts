/** The tiles in the database, and trees built from them. */
import type { Tx, Db } from '../../state/index.js'
import { NocturneError } from '../../lib/errors.js'
import {
  createFrontier,
  HASH_BYTES,
  partialTile,
  partialWidth,
  splitHashes,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileRows,
} from '../verify/merkle.js'
import type { Frontier } from '../verify/merkle.js'
import { sha256 } from '../verify/node-crypto.js'
import { createTree } from '../verify/path.js'
import type { Tree } from '../verify/path.js'

type Rows = readonly (readonly Uint8Array[])[]

/** Number of full tiles cached with their inner hashes, about 16 KiB each. */
const CACHED_TILES = 64
/** Exports of a growing log, each of the size at which it began, do not displace one another. */
const CACHED_TREES = 8

/**
 * @throws NocturneError `ledger_broken` when a tile that a tree of this size must have is missing
 *   or has another width
 */
export async function loadFrontier(db: Db | Tx, size: number): Promise<Frontier> {
  const levels: (readonly Uint8Array[])[] = []
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const width = partialWidth(size, level)
    const bytes = width > 0 ? await readTile(db, level, partialTile(size, level)) : Buffer.alloc(0)
    if (bytes?.length !== width * HASH_BYTES) throw new NocturneError('ledger_broken')
    levels.push(splitHashes(bytes))
  }
  return createFrontier(sha256, size, levels)
}

export async function readTile(db: Db | Tx, level: number, n: number): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('ledger_tiles')
    .select('hashes')
    .where('level', '=', level)
    .where('n', '=', n)
    .executeTakeFirst()
  return row?.hashes
}

/**
 * Trees built from stored tiles. A full tile never changes and is cached across trees; a partial
 * tile is cached only for its size of the tree.
 */
export function createTrees(db: Db): (size: number) => Tree {
  const full = new Map<string, Rows>()
  const trees = new Map<number, Tree>()

  async function rowsOf(level: number, n: number, width: number): Promise<Rows> {
    const key = `${level}/${n}`
    const known = width === TILE_WIDTH ? full.get(key) : undefined
    if (known) return known
    const bytes = await readTile(db, level, n)
    if (!bytes || bytes.length < width * HASH_BYTES) throw new NocturneError('ledger_broken')
    const rows = tileRows(sha256, splitHashes(bytes.subarray(0, width * HASH_BYTES)))
    if (width < TILE_WIDTH) return rows
    full.set(key, rows)
    const [oldest] = full.keys()
    if (full.size > CACHED_TILES && oldest !== undefined) full.delete(oldest)
    return rows
  }

  return (size) => {
    const known = trees.get(size)
    if (known) return known
    const partial = new Map<number, Promise<Rows>>()
    const readNode = async (height: number, index: number): Promise<Uint8Array> => {
      const level = Math.floor(height / TILE_HEIGHT)
      const row = height % TILE_HEIGHT
      const n = Math.floor((index * 2 ** row) / TILE_WIDTH)
      const isFull = n < partialTile(size, level)
      let rows = isFull ? rowsOf(level, n, TILE_WIDTH) : partial.get(level)
      if (!rows) {
        rows = rowsOf(level, n, partialWidth(size, level))
        partial.set(level, rows)
        rows.catch(() => partial.delete(level))
      }
      const hash = (await rows)[row]?.[index - (n * TILE_WIDTH) / 2 ** row]
      if (!hash) throw new NocturneError('ledger_broken')
      return hash
    }
    const tree = createTree(sha256, size, readNode)
    trees.set(size, tree)
    const [oldest] = trees.keys()
    if (trees.size > CACHED_TREES && oldest !== undefined) trees.delete(oldest)
    return tree
  }
}
