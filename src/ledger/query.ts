/** Questions to the index. Every filter narrows; rows come in the order of the log. */
import type { SelectQueryBuilder } from 'kysely'
import { NocturneError } from '../lib/errors.js'
import type { Db, Tables } from '../state/index.js'
import { parseEntry } from './entry.js'
import type { LedgerRow } from './events.js'
import type { EventQuery } from './ledger.js'
import { answers, touches } from './questions.js'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

/** @throws NocturneError `bad_request` for a limit out of bounds, `ledger_broken` for a row that is no entry. */
export async function queryEvents(
  db: Db,
  query: EventQuery,
): Promise<{ rows: readonly LedgerRow[]; next?: number }> {
  const limit = query.limit ?? DEFAULT_LIMIT
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new NocturneError('bad_request')
  const found = await filtered(db, query)
    .select(['idx', 'entry'])
    .orderBy('idx')
    .limit(limit + 1)
    .execute()
  const rows = found
    .slice(0, limit)
    .map(({ idx, entry }) => ({ index: idx, entry: parseEntry(entry) }))
  const next = found[limit]?.idx
  return next === undefined ? { rows } : { rows, next }
}

/** How many of the first `size` events match. */
export async function countEvents(db: Db, query: EventQuery, size: number): Promise<number> {
  const { count } = await filtered(db, { ...query, end: Math.min(size, query.end ?? size) })
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

function filtered(db: Db, query: EventQuery): SelectQueryBuilder<Tables, 'events', object> {
  let events: SelectQueryBuilder<Tables, 'events', object> = db.selectFrom('events')
  const { types, outcome, from, until, start } = query
  if (types) events = events.where('type', 'in', [...types])
  for (const column of ['actor', 'facility', 'transfer', 'patient'] as const) {
    const value = query[column]
    if (value !== undefined) events = events.where(column, '=', value)
  }
  if (outcome !== undefined) events = events.where('outcome', '=', outcome)
  if (from !== undefined) events = events.where('time', '>=', from)
  if (until !== undefined) events = events.where('time', '<', until)
  if (start !== undefined) events = events.where('idx', '>=', start)
  const { question, touching, end } = query
  if (end !== undefined) events = events.where('idx', '<', end)
  if (question) events = events.where(answers(question, end ?? Number.MAX_SAFE_INTEGER))
  // A patient whom no transfer ever named has no handle at all: that is nobody's events, not everybody's.
  if (touching)
    events = touching.length > 0 ? events.where(touches(touching)) : events.where('idx', '<', 0)
  return events
}
