/**
 * Recomputes a whole log from its entries, one tile at a time, whether from the database or from
 * the published files. Uses no Node modules.
 */
import { fromUtf8, isSameBytes } from './encoding.js'
import type { Json } from '../../lib/json.js'
import { createGaps } from './gaps.js'
import type { Range } from './gaps.js'
import { createFrontier, leafInput, splitHashes, TILE_WIDTH } from './merkle.js'
import type { Frontier, Sha256, Tile } from './merkle.js'

export interface LogSource {
  /**
   * Returns `width` entries starting with `first`, each at its place; undefined where an entry is
   * missing.
   */
  entries(first: number, width: number): Promise<readonly (SourceEntry | undefined)[]>
  /** Returns the hashes of a tile, at least `width` of them. */
  tile(level: number, n: number, width: number): Promise<Uint8Array | undefined>
}

export interface SourceEntry {
  readonly bytes: Uint8Array
  /** Whether the index columns stored with the entry match it. */
  readonly isIndexed: boolean
}

/** The faults found; each is the first of its kind. */
export interface Faults {
  /** An entry that must exist is missing. */
  missing?: number
  /** An entry was pruned earlier than any policy allows. */
  early?: number
  /** The index columns, or the encoding, do not match the entry. */
  index?: number
  /**
   * The entry's hash differs from that in its tile. One of the two was changed; the signed root
   * tells which.
   */
  leaf?: number
  /** The first higher tile that does not match the entries below it. */
  tile?: number
}

export interface Recomputed {
  /**
   * Shorter than the log if both an entry and its hash are missing, because nothing after that can
   * be recomputed.
   */
  readonly frontier: Frontier
  readonly faults: Faults
  /**
   * Ranges pruned under the policy, as recorded by an entry of the log; the tree was recomputed
   * from the hashes in its tiles.
   */
  readonly pruned: readonly Range[]
}

/** Holds one tile and its entries at a time. Calls `onSize` with the tree after each entry. */
export async function recompute(
  source: LogSource,
  size: number,
  sha256: Sha256,
  onSize: (frontier: Frontier) => void = () => undefined,
): Promise<Recomputed> {
  const frontier = createFrontier(sha256, 0, [])
  const faults: Faults = {}
  const gaps = createGaps()

  /** For levels above the leaves; leaf tiles are compared entry by entry. */
  const compare = async ({ level, n, hashes }: Tile): Promise<void> => {
    if (level === 0) return
    const stored = splitHashes((await source.tile(level, n, hashes.length)) ?? new Uint8Array())
    const wrong = hashes.findIndex((hash, i) => {
      const known = stored[i]
      return !known || !isSameBytes(hash, known)
    })
    if (wrong < 0) return
    const index = (n * TILE_WIDTH + wrong) * TILE_WIDTH ** level
    faults.tile = Math.min(faults.tile ?? index, index)
  }

  while (frontier.size < size && faults.missing === undefined) {
    const first = frontier.size
    const width = Math.min(TILE_WIDTH, size - first)
    const entries = await source.entries(first, width)
    const tile = await source.tile(0, first / TILE_WIDTH, width)
    const stored = splitHashes(tile ?? new Uint8Array())
    for (let i = 0; i < width; i++) {
      const entry = entries[i]
      const known = stored[i]
      if (!entry && !known) {
        faults.missing = first + i
        break
      }
      const hash = entry ? sha256(leafInput(entry.bytes)) : Uint8Array.from(known ?? [])
      if (entry) {
        if (!known || !isSameBytes(hash, known)) faults.leaf ??= first + i
        if (!entry.isIndexed) faults.index ??= first + i
        gaps.see(first + i, () => readObject(entry.bytes))
      } else gaps.add(first + i, first + i + 1)
      for (const filled of frontier.append(hash)) await compare(filled)
      onSize(frontier)
    }
  }
  if (frontier.size === size) for (const tile of frontier.partials()) await compare(tile)
  const { pruned, missing } = gaps.end()
  // Only when the whole log was read: otherwise the entries that record the pruning have not been
  // seen.
  if (faults.missing === undefined && missing)
    faults[missing.isEarly ? 'early' : 'missing'] = missing.index
  return { frontier, faults, pruned }
}

/** Undefined for anything that is not a JSON object. */
export function readObject(bytes: Uint8Array): Readonly<Record<string, Json>> | undefined {
  try {
    const value = JSON.parse(fromUtf8(bytes) ?? '') as Json
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, Json>>) : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns the fault with the lowest index. If the recomputed root is the signed one, the entries
 * are correct and a differing tile was changed. Otherwise the entry was changed, and the tiles
 * above it differ only as a consequence.
 */
export function worstOf(
  { missing, early, index, leaf, tile }: Faults,
  isSigned: boolean,
): { readonly problem: string; readonly badIndex: number } | undefined {
  const tileChanged = 'a tile was changed'
  const all = [
    [missing, 'an entry is missing'],
    [early, 'an entry was pruned too early'],
    [leaf, isSigned ? tileChanged : 'an entry was changed'],
    [index, 'the search index differs from the entry'],
    [isSigned || leaf === undefined ? tile : undefined, tileChanged],
  ] as const
  return all
    .flatMap(([badIndex, problem]) => (badIndex === undefined ? [] : [{ badIndex, problem }]))
    .sort((a, b) => a.badIndex - b.badIndex)[0]
}
