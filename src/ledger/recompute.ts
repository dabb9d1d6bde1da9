/**
 * A whole log again, from its entries, a tile at a time: one in a database, or one that was published. Nothing here
 * is Node's own.
 */
import { isSameBytes } from './encoding.js'
import { createFrontier, leafInput, splitHashes, TILE_WIDTH } from './merkle.js'
import type { Frontier, Sha256, Tile } from './merkle.js'

export interface LogSource {
  /** The entries from `first` on, `width` of them; fewer when one is missing. */
  entries(first: number, width: number): Promise<readonly SourceEntry[]>
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
  /** No entry where one must be: nothing after it can be recomputed. */
  missing?: number
  /** The columns of the index, or the encoding of the entry, are not what the entry says. */
  index?: number
  /** The entry does not hash to what its tile holds. One of the two was changed; the signed root tells which. */
  leaf?: number
  /** A higher tile does not hold the hash of the entries below it; the first of these. */
  tile?: number
}

/** Holds one tile and its entries at a time. `onSize` sees the tree after each entry. */
export async function recompute(
  source: LogSource,
  size: number,
  sha256: Sha256,
  onSize: (frontier: Frontier) => void = () => undefined,
): Promise<{ readonly frontier: Frontier; readonly faults: Faults }> {
  const frontier = createFrontier(sha256, 0, [])
  const faults: Faults = {}

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
      if (!entry) {
        faults.missing = first + i
        break
      }
      const hash = sha256(leafInput(entry.bytes))
      const known = stored[i]
      if (!known || !isSameBytes(hash, known)) faults.leaf ??= first + i
      if (!entry.isIndexed) faults.index ??= first + i
      for (const filled of frontier.append(hash)) await compare(filled)
      onSize(frontier)
    }
  }
  if (faults.missing === undefined) for (const tile of frontier.partials()) await compare(tile)
  return { frontier, faults }
}

/**
 * The fault with the lowest index. Under the signed root the entries are good, and a tile that disagrees was
 * changed; else the entry was, and the tiles above it disagree only because of it.
 */
export function worstOf(
  { missing, index, leaf, tile }: Faults,
  isSigned: boolean,
): { readonly problem: string; readonly badIndex: number } | undefined {
  const tileChanged = 'a tile was changed'
  const all = [
    [missing, 'an entry is missing'],
    [leaf, isSigned ? tileChanged : 'an entry was changed'],
    [index, 'the index does not say what the entry says'],
    [isSigned || leaf === undefined ? tile : undefined, tileChanged],
  ] as const
  return all
    .flatMap(([badIndex, problem]) => (badIndex === undefined ? [] : [{ badIndex, problem }]))
    .sort((a, b) => a.badIndex - b.badIndex)[0]
}
