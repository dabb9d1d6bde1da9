/**
 * Adds MACs, once, to the rows of a site that was created before rows had MACs. An event records
 * this. A site that started with MACs says so in its first start event; otherwise a row inserted by
 * an attacker without a MAC would be given one.
 */
import { sql } from 'kysely'
import { SYSTEM } from '../../lib/actors.js'
import type { Tx } from '../../state/index.js'
import type { Ledger } from '../log/index.js'
import { alertOf, createRowGuard } from './guard.js'
import type { Mismatch, RowGuard } from './guard.js'
import { GUARDED } from './macs.js'
import type { GuardedTable, RowMacs, SealedRow } from './macs.js'

type AnyRow = SealedRow<GuardedTable>

const TABLES = Object.keys(GUARDED) as GuardedTable[]

export async function adoptRows(parts: {
  readonly ledger: Pick<Ledger, 'query' | 'record'>
  readonly macs: RowMacs
}): Promise<void> {
  const { ledger, macs } = parts
  if (!(await isUnsealed(ledger))) return
  await ledger.record(async (tx) => {
    const counts: Record<string, number> = {}
    for (const table of TABLES) counts[table] = await adoptTable(tx, macs, table)
    return {
      value: undefined,
      events: [{ type: 'rows.sealed', outcome: 0, actor: SYSTEM, detail: counts }],
    }
  })
}

/** Whether an earlier version has used this database, and its rows have no MACs yet. */
export async function isUnsealed(ledger: Pick<Ledger, 'query'>): Promise<boolean> {
  const { rows: adopted } = await ledger.query({ types: ['rows.sealed'], limit: 1 })
  const { rows: starts } = await ledger.query({ types: ['gateway.started'], limit: 1 })
  const first = starts[0]?.entry.detail
  return adopted.length === 0 && first !== undefined && first.rows !== 'sealed'
}

/** Returns the number of rows. The first guarded column is the table's primary key. */
async function adoptTable(tx: Tx, macs: RowMacs, table: GuardedTable): Promise<number> {
  const key = GUARDED[table][0]
  const { rows } = await sql<AnyRow>`select * from ${sql.table(table)} where mac is null`.execute(
    tx,
  )
  for (const row of rows) {
    const { mac } = macs.seal(table, row)
    const id = (row as Record<string, unknown>)[key]
    await sql`update ${sql.table(table)} set mac = ${mac} where ${sql.ref(key)} = ${id}`.execute(tx)
  }
  return rows.length
}

/**
 * Adds MACs to older rows if necessary, then returns the site's guard, which reports mismatches to
 * the ledger.
 */
export async function openRowGuard(ledger: Ledger, siteSecret: string): Promise<RowGuard> {
  const alert = (mismatch: Mismatch) => ledger.note(alertOf(mismatch))
  const guard = createRowGuard({ ledger, siteSecret, alert })
  await adoptRows({ ledger, macs: guard })
  return guard
}
