/**
 * A whole log again, from its entries, a tile at a time: one in a database, or one that was
 * published. Nothing here is Node's own.
 */
import { fromUtf8, isSameBytes } from './encoding.js'
import type { Json } from '../../lib/json.js'
import { createGaps } from './gaps.js'
import type { Range } from './gaps.js'
import { createFrontier, leafInput, splitHashes, TILE_WIDTH } from './merkle.js'
import type { Frontier, Sha256, Tile } from './merkle.js'

export interface LogSource {
  /**
   * The entries from `first` on, `width` of them, each at its place; undefined where there is none.
   */
  entries(first: number, width: number): Promise<readonly (SourceEntry | undefined)[]>
  /** The hashes of a tile, `width` of them or more. */
  tile(level: number, n: number, width: number): Promise<Uint8Array | undefined>
}

export interface SourceEntry {
  readonly bytes: Uint8Array
  /** Whether what the source says of it beside its bytes is what the entry says. */
  readonly isIndexed: boolean
}

/** What was found wrong on the way; each the first of its kind. */
export interface Faults {
  /** No entry where one must be. */
  missing?: number
  /** No entry: it was pruned, and sooner than any policy may. */
  early?: number
  /** The columns of the index, or the encoding of the entry, are not what the entry says. */
  index?: number
  /**
   * The entry does not hash to what its tile holds. One of the two was changed; the signed root
   * tells which.
   */
  leaf?: number
  /** A higher tile does not hold the hash of the entries below it; the first of these. */
  tile?: number
}

export interface Recomputed {
  /**
   * Shorter than the log when neither an entry nor its hash is there: nothing behind it can be
   * recomputed.
   */
  readonly frontier: Frontier
  readonly faults: Faults
  /**
   * What a policy took away, and an entry of the log says so: the tree holds with the hashes of its
   * tiles.
   */
  readonly pruned: readonly Range[]
}

/** Holds one tile and its entries at a time. `onSize` sees the tree after each entry. */
export async function recompute(
  source: LogSource,
  size: number,
  sha256: Sha256,
  onSize: (frontier: Frontier) => void = () => undefined,
): Promise<Recomputed> {
  const frontier = createFrontier(sha256, 0, [])
  const faults: Faults = {}
  const gaps = createGaps()

  /** Above the leaves, whose tiles are compared with each entry. */
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
  // Who stopped half-way has not come to the entries that say what was pruned.
  if (faults.missing === undefined && missing)
    faults[missing.isEarly ? 'early' : 'missing'] = missing.index
  return { frontier, faults, pruned }
}

/** Undefined for what is no JSON object. */
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
 * The fault with the lowest index. Under the signed root the entries are good, and a tile that
 * disagrees was changed; else the entry was, and the tiles above it disagree only because of it.
 */
export function worstOf(
  { missing, early, index, leaf, tile }: Faults,
  isSigned: boolean,
): { readonly problem: string; readonly badIndex: number } | undefined {
  const tileChanged = 'a tile was changed'
  const all = [
    [missing, 'an entry is missing'],
    [early, 'an entry was pruned before its time'],
    [leaf, isSigned ? tileChanged : 'an entry was changed'],
    [index, 'the index does not say what the entry says'],
    [isSigned || leaf === undefined ? tile : undefined, tileChanged],
  ] as const
  return all
    .flatMap(([badIndex, problem]) => (badIndex === undefined ? [] : [{ badIndex, problem }]))
    .sort((a, b) => a.badIndex - b.badIndex)[0]
}
