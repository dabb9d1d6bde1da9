/** First and last occurrence and count of each event type. */
import type { Db } from '../../state/index.js'
import { parseEntry } from '../log/entry.js'
import { EVENT_TYPES } from '../log/events.js'
import type { EventType, LedgerRow } from '../log/events.js'
import { countEvents } from '../log/query.js'

export interface EventSpan {
  readonly count: number
  readonly first: { readonly index: number; readonly time: number }
  readonly last: { readonly index: number; readonly time: number }
}

/**
 * By type. Types that never occurred, or whose entries were all pruned, are missing. One type after
 * the other, each found by the index: in one query, a long log would hold up everything else.
 *
 * @throws NocturneError `database_unavailable`
 */
export async function eventSpans(db: Db): Promise<Readonly<Record<string, EventSpan>>> {
  const spans: Record<string, EventSpan> = {}
  for (const type of Object.keys(EVENT_TYPES) as EventType[]) {
    const [first, last] = [await endOf(db, type, 'asc'), await endOf(db, type, 'desc')]
    if (!first || !last) continue
    const within = { types: [type], start: first.index }
    spans[type] = { count: await countEvents(db, within, last.index + 1), first, last }
  }
  return spans
}

async function endOf(
  db: Db,
  type: EventType,
  order: 'asc' | 'desc',
): Promise<EventSpan['first'] | undefined> {
  const row = await db
    .selectFrom('events')
    .select(['idx', 'time'])
    .where('type', '=', type)
    .orderBy('idx', order)
    .limit(1)
    .executeTakeFirst()
  return row && { index: row.idx, time: row.time }
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
export async function countOf(db: Db, type: EventType): Promise<number> {
  const last = await endOf(db, type, 'desc')
  return last ? countEvents(db, { types: [type] }, last.index + 1) : 0
}
