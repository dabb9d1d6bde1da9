/** Queries on the index. Every filter narrows the result; rows come in log order. */
import type { SelectQueryBuilder } from 'kysely'
import { NocturneError } from '../../lib/errors.js'
import type { Tables, Tx, Db } from '../../state/index.js'
import { parseEntry } from './entry.js'
import type { LedgerEntry, LedgerRow } from './events.js'
import type { EventQuery } from './contract.js'
import { holds } from './clauses.js'
import { answers, touches } from './questions.js'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000
/** A long log is counted in pieces, between which a database in this process lets others work. */
const COUNTED_AT_ONCE = 200_000

/**
 * @throws NocturneError `bad_request` for a limit out of range, `ledger_broken` for a row that is
 *   not a valid entry
 */
export async function queryEvents(
  db: Db,
  query: EventQuery,
): Promise<{ rows: readonly LedgerRow[]; next?: number }> {
  const limit = query.limit ?? DEFAULT_LIMIT
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new NocturneError('bad_request')
  const found = await filtered(db, query, await reviewedUntil(db, query))
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

/** Counts the matching events among the first `size`. */
export async function countEvents(db: Db, query: EventQuery, size: number): Promise<number> {
  const within = { ...query, end: Math.min(size, query.end ?? size) }
  const reviewed = await reviewedUntil(db, within)
  let total = 0
  for (let from = query.start ?? 0; from < within.end; from += COUNTED_AT_ONCE) {
    const { count } = await filtered(db, within, reviewed)
      .where('idx', '>=', from)
      .where('idx', '<', from + COUNTED_AT_ONCE)
      .select((e) => e.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    total += count
  }
  return total
}

/**
 * The last review among the first `end` entries.
 * @throws NocturneError `ledger_broken`
 */
export async function lastReview(db: Db | Tx, end: number): Promise<Review | undefined> {
  const row = await db
    .selectFrom('events')
    .select('entry')
    .where('type', '=', 'ledger.reviewed')
    .where('idx', '<', end)
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row) return undefined
  const entry = parseEntry(row.entry)
  const until = entry.detail?.until
  if (typeof until !== 'number') throw new NocturneError('ledger_broken')
  return { until, entry }
}

export interface Review {
  /** The review covered everything before this index. */
  readonly until: number
  readonly entry: LedgerEntry
}

/** Only the question `due` needs it. */
async function reviewedUntil(db: Db, { question, end }: EventQuery): Promise<number> {
  if (question !== 'due') return 0
  return (await lastReview(db, end ?? Number.MAX_SAFE_INTEGER))?.until ?? 0
}

/** A query for the matching rows, with no columns selected yet. */
export function filtered(
  db: Db | Tx,
  query: EventQuery,
  reviewed = 0,
): SelectQueryBuilder<Tables, 'events', object> {
  let events: SelectQueryBuilder<Tables, 'events', object> = db.selectFrom('events')
  const { types, outcome, duty, from, until, start } = query
  if (types) events = events.where('type', 'in', [...types])
  for (const column of ['actor', 'facility', 'transfer', 'patient'] as const) {
    const value = query[column]
    if (value !== undefined) events = events.where(column, '=', value)
  }
  if (outcome !== undefined) events = events.where('outcome', '=', outcome)
  if (duty !== undefined) events = events.where('duty', '=', duty)
  if (from !== undefined) events = events.where('time', '>=', from)
  if (until !== undefined) events = events.where('time', '<', until)
  if (start !== undefined) events = events.where('idx', '>=', start)
  const { question, touching, end } = query
  if (end !== undefined) events = events.where('idx', '<', end)
  if (question) events = events.where(answers(question, end ?? Number.MAX_SAFE_INTEGER, reviewed))
  for (const clause of query.clauses ?? []) events = events.where(holds(clause))
  // No handles means that no transfer ever named this patient, so nothing must match. Leaving the
  // filter out would match everything.
  if (touching)
    events = touching.length > 0 ? events.where(touches(touching)) : events.where('idx', '<', 0)
  return events
}
