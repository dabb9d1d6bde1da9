/** `verify`: the whole log again, from its entries, a tile at a time. */
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import type { Db, EventTable } from '../state/index.js'
import { openCheckpoint } from './checkpoint.js'
import { isSameBytes, toBase64 } from './encoding.js'
import { columnsOf, parseEntry } from './entry.js'
import type { VerifyReport } from './ledger.js'
import { createFrontier, leafInput, splitHashes, TILE_WIDTH } from './merkle.js'
import type { Frontier, Tile } from './merkle.js'
import { nodeCrypto, sha256 } from './node-crypto.js'
import type { Signer } from './signer.js'
import { readTile } from './tiles.js'

/** What was found wrong on the way; each the first of its kind. */
interface Faults {
  /** No row where one must be, or a row that is no entry: nothing after it can be recomputed. */
  missing?: number
  /** The columns of the index, or the encoding of the entry, are not what the entry says. */
  index?: number
  /** The entry does not hash to what its tile holds. One of the two was changed; the signed root tells which. */
  leaf?: number
  /** A higher tile does not hold the hash of the entries below it; the first of these. */
  tile?: number
}

/** Holds one tile and its entries at a time. */
export async function recheck(db: Db, signer: Signer): Promise<VerifyReport> {
  const frontier = createFrontier(sha256, 0, [])
  const report = (problem?: string, badIndex?: number): VerifyReport => ({
    ok: problem === undefined,
    size: frontier.size,
    root: toBase64(frontier.root()),
    ...(problem !== undefined && { problem }),
    ...(badIndex !== undefined && { badIndex }),
  })

  const head = await readHead(db)
  if (!head) return report('the head is missing')
  const opened = await openCheckpoint(head.checkpoint, signer.verifierKey, nodeCrypto)
  const { checkpoint } = opened
  const size = checkpoint?.size ?? head.size

  const faults: Faults = {}
  while (frontier.size < size && faults.missing === undefined)
    await recheckTile(db, frontier, size, faults)
  if (faults.missing === undefined)
    for (const tile of frontier.partials()) await compareTile(db, tile, faults)

  const root = frontier.root()
  const isSigned =
    faults.missing === undefined && checkpoint !== undefined && isSameBytes(root, checkpoint.root)
  const worst = worstOf(faults, isSigned)
  if (opened.problem !== undefined) return report(opened.problem, worst?.badIndex)
  if (!isSigned && faults.missing === undefined && faults.leaf === undefined)
    return report('the entries do not give the root that was signed', worst?.badIndex)
  if (worst) return report(worst.problem, worst.badIndex)
  if (head.size !== size) return report('the head and its checkpoint differ in size')
  if (head.last !== null && head.last >= size)
    return report('there are entries beyond the checkpoint', size)
  return report()
}

/**
 * The fault with the lowest index. Under the signed root the entries are good, and a tile that disagrees was
 * changed; else the entry was, and the tiles above it disagree only because of it.
 */
function worstOf(
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

/** One statement, so that an append by another gateway is seen whole or not at all. */
function readHead(db: Db) {
  return db
    .selectFrom('ledger_head')
    .select(['size', 'checkpoint'])
    .select((e) =>
      e
        .selectFrom('events')
        .select((f) => f.fn.max('idx').as('last'))
        .as('last'),
    )
    .where('id', '=', 1)
    .executeTakeFirst()
}

async function recheckTile(
  db: Db,
  frontier: Frontier,
  size: number,
  faults: Faults,
): Promise<void> {
  const first = frontier.size
  const width = Math.min(TILE_WIDTH, size - first)
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('idx', '>=', first)
    .orderBy('idx')
    .limit(width)
    .execute()
  const stored = splitHashes((await readTile(db, 0, first / TILE_WIDTH)) ?? Buffer.alloc(0))
  for (let i = 0; i < width; i++) {
    const row = rows[i]
    if (row?.idx !== first + i) {
      faults.missing = first + i
      return
    }
    const hash = sha256(leafInput(row.entry))
    const known = stored[i]
    if (!known || !isSameBytes(hash, known)) faults.leaf ??= row.idx
    if (!isIndexed(row)) faults.index ??= row.idx
    for (const tile of frontier.append(hash)) await compareTile(db, tile, faults)
  }
}

/** Above the leaves, whose tiles are compared with each entry. A partial tile may have grown since the head was read. */
async function compareTile(db: Db, { level, n, hashes }: Tile, faults: Faults): Promise<void> {
  if (level === 0) return
  const stored = splitHashes((await readTile(db, level, n)) ?? Buffer.alloc(0))
  const wrong = hashes.findIndex((hash, i) => {
    const known = stored[i]
    return !known || !isSameBytes(hash, known)
  })
  if (wrong >= 0) {
    const index = (n * TILE_WIDTH + wrong) * TILE_WIDTH ** level
    faults.tile = Math.min(faults.tile ?? index, index)
  }
}

/** Whether the row's columns are those of its entry, and the entry is the canonical form of what it says. */
function isIndexed(row: EventTable): boolean {
  try {
    const entry = parseEntry(row.entry)
    const canonical = canonicalJson(JSON.parse(row.entry.toString()) as Json)
    if (!row.entry.equals(Buffer.from(canonical))) return false
    return Object.entries(columnsOf(entry)).every(
      ([name, value]) => row[name as keyof EventTable] === value,
    )
  } catch {
    return false
  }
}
