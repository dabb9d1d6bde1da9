/**
 * Rebuilds the index, which is every column of `events` besides `entry`, from the entries alone.
 */
import type { Insertable } from 'kysely'
import { NocturneError } from '../../lib/errors.js'
import type { State, Tx } from '../../state/index.js'
import type { EventTable } from '../../state/tables/index.js'
import { columnsOf, INDEX_VERSION, parseEntry } from './entry.js'

const ROWS_AT_ONCE = 100
const STATEMENTS_AT_ONCE = 20
const CURSOR = 'index'

/**
 * Processes the whole log, a few thousand entries per transaction, so that others can append
 * meanwhile. Returns the number of entries, and how many rows did not match their entry.
 *
 * @throws NocturneError `ledger_broken` for a row that is not a valid entry, `database_unavailable`
 */
export async function reindex(state: State): Promise<{ entries: number; corrected: number }> {
  let [next, entries, corrected] = [0, 0, 0]
  for (let isDone = false; !isDone;) {
    const from = next
    const step = await state.transaction((tx) => indexFrom(tx, from))
    next = step.next
    entries += step.entries
    corrected += step.corrected
    isDone = step.isDone
  }
  await state.transaction((tx) => setVersion(tx))
  return { entries, corrected }
}

/** Rebuilds the index if the database has another version of it. */
export async function ensureIndex(state: State): Promise<void> {
  const row = await state.db
    .selectFrom('ledger_cursors')
    .select('position')
    .where('name', '=', CURSOR)
    .executeTakeFirst()
  if (row?.position !== INDEX_VERSION) await reindex(state)
}

async function indexFrom(
  tx: Tx,
  from: number,
): Promise<{ next: number; entries: number; corrected: number; isDone: boolean }> {
  const limit = ROWS_AT_ONCE * STATEMENTS_AT_ONCE
  const rows = await tx
    .selectFrom('events')
    .selectAll()
    .where('idx', '>=', from)
    .orderBy('idx')
    .limit(limit)
    .execute()
  const wrong = rows.flatMap((row) => {
    const columns = columnsOf(parseEntry(row.entry))
    const isRight = Object.entries(columns).every(
      ([name, value]) => row[name as keyof EventTable] === value,
    )
    return isRight ? [] : [{ idx: row.idx, ...columns, entry: row.entry }]
  })
  for (let i = 0; i < wrong.length; i += ROWS_AT_ONCE)
    await correct(tx, wrong.slice(i, i + ROWS_AT_ONCE))
  const next = (rows.at(-1)?.idx ?? from - 1) + 1
  return { next, entries: rows.length, corrected: wrong.length, isDone: rows.length < limit }
}

async function correct(tx: Tx, rows: readonly Insertable<EventTable>[]): Promise<void> {
  const [first] = rows
  if (!first) throw new NocturneError('internal')
  const names = Object.keys(first).filter((name) => name !== 'idx' && name !== 'entry')
  await tx
    .insertInto('events')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('idx')
        .doUpdateSet((values) =>
          Object.fromEntries(
            names.map((name) => [name, values.ref(`excluded.${name as keyof EventTable}`)]),
          ),
        ),
    )
    .execute()
}

async function setVersion(tx: Tx): Promise<void> {
  await tx
    .insertInto('ledger_cursors')
    .values({ name: CURSOR, position: INDEX_VERSION, holder: null, lease_until: 0 })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ position: INDEX_VERSION }))
    .execute()
}
