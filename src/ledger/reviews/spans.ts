/** First and last occurrence and count of each event type, in one pass over the index. */
import type { Db } from '../../state/index.js'
import { parseEntry } from '../log/entry.js'
import type { LedgerRow } from '../log/events.js'

export interface EventSpan {
  readonly count: number
  readonly first: { readonly index: number; readonly time: number }
  readonly last: { readonly index: number; readonly time: number }
}

/**
 * By type. Types that never occurred, or whose entries were all pruned, are missing.
 * @throws NocturneError `database_unavailable`
 */
export async function eventSpans(db: Db): Promise<Readonly<Record<string, EventSpan>>> {
  const rows = await db
    .selectFrom('events')
    .select((e) => [
      'type',
      e.fn.countAll<number>().as('count'),
      e.fn.min('idx').as('first'),
      e.fn.max('idx').as('last'),
    ])
    .groupBy('type')
    .execute()
  const ends = [...new Set(rows.flatMap(({ first, last }) => [first, last]))]
  const times = new Map<number, number>()
  if (ends.length > 0)
    for (const { idx, time } of await db
      .selectFrom('events')
      .select(['idx', 'time'])
      .where('idx', 'in', ends)
      .execute())
      times.set(idx, time)
  const endOf = (index: number) => ({ index, time: times.get(index) ?? 0 })
  return Object.fromEntries(
    rows.map(({ type, count, first, last }) => [
      type,
      { count, first: endOf(first), last: endOf(last) },
    ]),
  )
}

/**
 * The newest event of a type.
 * @throws NocturneError `ledger_broken`
 */
export async function lastOf(db: Db, type: string): Promise<LedgerRow | undefined> {
  const row = await db
    .selectFrom('events')
    .select(['idx', 'entry'])
    .where('type', '=', type)
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { index: row.idx, entry: parseEntry(row.entry) }
}

/** Number of events of a type. */
export async function countOf(db: Db, type: string): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select((e) => e.fn.countAll<number | string>().as('count'))
    .where('type', '=', type)
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}
