/** Plain reads of the log. */
import { NocturneError } from '../../lib/errors.js'
import type { Tx, Db } from '../../state/index.js'
import { TILE_WIDTH } from '../verify/merkle.js'
import { isPruned, readPruned } from '../retention/pruned.js'

export interface HeadRow {
  readonly size: number
  readonly checkpoint: string
}

/** @throws NocturneError `ledger_broken` */
export async function readHead(db: Db | Tx): Promise<HeadRow> {
  const row = await db
    .selectFrom('ledger_head')
    .select(['size', 'checkpoint'])
    .where('id', '=', 1)
    .executeTakeFirst()
  if (!row) throw new NocturneError('ledger_broken')
  return row
}

/** A head whose tree contains that entry: the witnessed one if possible, because it proves more. */
export async function readHeadFor(db: Db, index: number): Promise<HeadRow> {
  const witnessed = await db
    .selectFrom('ledger_witnessed')
    .select(['size', 'checkpoint'])
    .where('size', '>', index)
    .executeTakeFirst()
  return witnessed ?? readHead(db)
}

/**
 * @throws NocturneError `event_pruned`; `ledger_broken` when an entry is missing that must exist
 *   according to the head
 */
export async function readEntry(db: Db, index: number): Promise<Buffer> {
  const row = await db
    .selectFrom('events')
    .select('entry')
    .where('idx', '=', index)
    .executeTakeFirst()
  if (row) return row.entry
  throw new NocturneError(isPruned(await readPruned(db), index) ? 'event_pruned' : 'ledger_broken')
}

/**
 * Holds at most 256 entries of 32 KiB at a time, and no connection while the caller processes them.
 */
export async function* readEntries(
  db: Db,
  from: number,
  until: number,
): AsyncIterable<{ index: number; bytes: Buffer }> {
  for (let start = from; start < until;) {
    const rows = await db
      .selectFrom('events')
      .select(['idx', 'entry'])
      .where('idx', '>=', start)
      .where('idx', '<', until)
      .orderBy('idx')
      .limit(TILE_WIDTH)
      .execute()
    for (const { idx, entry } of rows) yield { index: idx, bytes: entry }
    const last = rows.at(-1)
    if (!last) return
    start = last.idx + 1
  }
}

export const isIndex = (index: number): boolean => Number.isSafeInteger(index) && index >= 0

/** Whether a tile with these numbers can exist (c2sp.org/tlog-tiles). */
export const isTile = (level: number, n: number, width: number): boolean =>
  isIndex(level) && level < 64 && isIndex(n) && isIndex(width) && width >= 1 && width <= TILE_WIDTH
