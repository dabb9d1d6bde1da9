/** Checks every guarded row, including rows that have not been requested yet. */
import { sql } from 'kysely'
import type { State } from '../../state/index.js'
import { GUARDED } from './macs.js'
import type { GuardedTable, SealedRow } from './macs.js'
import type { Mismatch, RowGuard } from './guard.js'

export async function surveyRows(
  state: Pick<State, 'db'>,
  guard: Pick<RowGuard, 'sift' | 'mismatches'>,
): Promise<readonly Mismatch[]> {
  for (const table of Object.keys(GUARDED) as GuardedTable[]) await surveyTable(state, guard, table)
  return guard.mismatches()
}

const ROWS_AT_ONCE = 1_000

/** Pages by the first guarded column, which is the table's primary key. */
async function surveyTable(
  { db }: Pick<State, 'db'>,
  guard: Pick<RowGuard, 'sift'>,
  table: GuardedTable,
): Promise<void> {
  const key = GUARDED[table][0]
  const idOf = (row: SealedRow<GuardedTable>) => String((row as Record<string, unknown>)[key])
  for (let after = '', isMore = true; isMore;) {
    const { rows } = await sql<SealedRow<GuardedTable>>`select * from ${sql.table(table)}
      where ${sql.ref(key)} > ${after} order by ${sql.ref(key)} limit ${ROWS_AT_ONCE}`.execute(db)
    await guard.sift(table, rows, idOf)
    const last = rows.at(-1)
    if (last) after = idOf(last)
    isMore = rows.length === ROWS_AT_ONCE
  }
}
