/** Decides which rows may be used, and raises alerts for those that may not. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SYSTEM } from '../../lib/actors.js'
import type { EventInput, Ledger } from '../log/index.js'
import { followedRows } from './followed.js'
import type { FollowedRows, FollowedTable } from './followed.js'
import { createRowHistory } from './history.js'
import type { RowHistory } from './history.js'
import { createRowMacs } from './macs.js'
import type { GuardedTable, RowMacs, SealedRow } from './macs.js'

export interface RowGuard extends RowMacs {
  readonly history: RowHistory
  /**
   * Returns the rows that may be used and raises an alert for each of the others. `contradicts`
   * tells whether the ledger contradicts a row whose MAC is valid.
   */
  sift<T extends GuardedTable, R extends SealedRow<T>>(
    table: T,
    rows: readonly R[],
    idOf: (row: R) => string,
    contradicts?: (row: R) => boolean,
  ): Promise<readonly R[]>
  /** Reads the rows, and raises an alert for each that may not be used or is missing. */
  followed<T extends GuardedTable, R extends SealedRow<T>>(
    table: T,
    how: FollowedTable<R>,
  ): Promise<FollowedRows<R>>
  /** Reports rows that must exist according to the ledger but do not. */
  missing(table: GuardedTable, ids: readonly string[]): Promise<void>
  /** A row that was judged without a MAC; undefined when it matches. */
  judged(table: JudgedTable, id: string, reason: 'signer' | 'ledger' | undefined): Promise<void>
  /** Rows that were found to mismatch and have not matched since. */
  mismatches(): readonly Mismatch[]
}

/** Tables of `Signers`. */
export type SignedTable =
  | 'case_reports'
  | 'critical_results'
  | 'critical_answers'
  | 'case_notes'
  | 'report_feedback'
  | 'handovers'

/** Tables whose rows have no MAC, and are compared with the ledger alone. */
export type JudgedTable = SignedTable | 'waiting_studies'

export interface Mismatch {
  readonly table: GuardedTable | JudgedTable
  readonly id: string
  readonly reason: 'mac' | 'ledger' | 'missing' | 'signer'
}

/** Texts for people. */
export const MISMATCHES: Readonly<Record<Mismatch['reason'], string>> = {
  mac: 'its content was not written by a gateway of this site',
  ledger: 'the ledger contradicts it',
  missing: 'it is recorded in the ledger, but missing',
  signer: 'its signature is by a certificate that the ledger never named for its signer',
}

/**
 * Maximum number of mismatches that are listed in `/readyz`, and that are remembered as reported;
 * more would add no information.
 */
const MOST_MISMATCHES = 1_000
const ROWS_AT_ONCE = 500
/** IDs are read from the database, so they may contain anything. */
const ID = /^[A-Za-z0-9._-]{1,64}$/

/** The event that records a mismatch. */
export const alertOf = ({ table, id, reason }: Mismatch): EventInput => ({
  ...{ type: 'row.mismatched', outcome: 12, actor: SYSTEM },
  detail: { table, row: id, reason },
})

/**
 * @param siteSecret as for `createRowMacs`
 * @param alert called once per mismatch, and again if it rejects
 */
export function createRowGuard(parts: {
  readonly ledger: Pick<Ledger, 'query'>
  readonly siteSecret: string | Uint8Array
  readonly alert: (mismatch: Mismatch) => Promise<unknown>
}): RowGuard {
  const { ledger, siteSecret } = parts
  const macs = createRowMacs(siteSecret)
  const found = new Map<string, Mismatch>()
  const told = new Set<string>()

  const tell = async (table: Mismatch['table'], given: string, reason: Mismatch['reason']) => {
    const id = ID.test(given) ? given : 'unknown'
    const key = `${table} ${id}`
    if (found.size < MOST_MISMATCHES) found.set(key, { table, id, reason })
    if (told.has(`${key} ${reason}`) || told.size >= MOST_MISMATCHES) return
    told.add(`${key} ${reason}`)
    // The row is not used, whether or not the alert can be recorded now.
    await parts.alert({ table, id, reason }).catch(() => told.delete(`${key} ${reason}`))
  }

  const guard: RowGuard = {
    ...macs,
    history: createRowHistory(ledger),
    followed: (table, how) =>
      followedRows(how, {
        follow: () => guard.history.follow(),
        sift: (rows) => guard.sift(table, rows, how.idOf, how.contradicts),
        missing: (ids) => guard.missing(table, ids),
      }),
    sift: async (table, rows, idOf, contradicts) => {
      const good: (typeof rows)[number][] = []
      for (const [i, row] of rows.entries()) {
        const id = idOf(row)
        // Yields to other work, because registers have up to 20,000 entries per kind.
        if (i % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await nextTurn()
        if (!macs.isSealed(table, row)) await tell(table, id, 'mac')
        else if (contradicts?.(row) === true) await tell(table, id, 'ledger')
        else {
          // Without `contradicts`, as in a survey, the row was not compared with the ledger, so an
          // earlier mismatch stays.
          if (contradicts !== undefined) found.delete(`${table} ${id}`)
          good.push(row)
        }
      }
      return good
    },
    missing: async (table, ids) => {
      for (const id of ids) await tell(table, id, 'missing')
    },
    judged: async (table, id, reason) => {
      if (reason === undefined) found.delete(`${table} ${id}`)
      else await tell(table, id, reason)
    },
    mismatches: () => [...found.values()],
  }
  return guard
}
