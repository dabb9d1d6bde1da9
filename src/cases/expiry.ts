/** Which cases are past a retention period, and the mark that their contents are gone. */
import type { ExpressionBuilder } from 'kysely'
import type { Db, Tables, Tx } from '../state/index.js'
import type { CaseState, CaseTable } from '../state/night/index.js'
import { transfersOf } from './rows.js'

/** `contents`: of its transfers. `reports`: its reports, critical results and crosswalks. */
export type ExpiryStage = 'contents' | 'reports'

const MARKS = { contents: 'contents_expired_at', reports: 'reports_expired_at' } as const

/** A case in any other state has work left for somebody, and never expires. */
const ENDED: readonly CaseState[] = ['closed', 'recalled']

export interface EndedCase {
  readonly row: CaseTable
  readonly transfers: readonly string[]
}

export interface EndedPage {
  /** Only cases that ended at or before this time. */
  readonly before: number
  /** Only cases with a greater ID. */
  readonly after: string
  readonly limit: number
}

/** Cases that ended by then and are not marked yet, by ID. */
export async function endedCases(
  db: Db,
  stage: ExpiryStage,
  { before, after, limit }: EndedPage,
): Promise<readonly EndedCase[]> {
  const rows = await db
    .selectFrom('cases')
    .selectAll()
    .where('id', '>', after)
    .where(isDue(db, stage, before))
    .orderBy('id')
    .limit(limit)
    .execute()
  return Promise.all(rows.map(async (row) => ({ row, transfers: await transfersOf(db, row.id) })))
}

/** Whether the case ended by then and is not marked yet. */
const isDue =
  (db: Db | Tx, stage: ExpiryStage, before: number) => (eb: ExpressionBuilder<Tables, 'cases'>) =>
    eb.and([
      eb('state', 'in', ENDED),
      eb('closed_at', '<=', before),
      eb(MARKS[stage], 'is', null),
      eb.or([
        eb('part_of', 'is', null),
        // A part has no contents, only reports of its own.
        ...(stage === 'reports' ? [eb('part_of', 'in', wholesEnded(db, before))] : []),
      ]),
    ])

/** Cases that ended by then, with which the reports on their parts expire. */
const wholesEnded = (db: Db | Tx, before: number) =>
  db.selectFrom('cases').select('id').where('state', 'in', ENDED).where('closed_at', '<=', before)

/**
 * Marks the case. Returns its transfers as of now, or undefined when it is no longer past the
 * period: further images arrived, or another gateway was first.
 */
export async function markExpired(
  tx: Tx,
  id: string,
  { stage, before, now }: { readonly stage: ExpiryStage } & Record<'before' | 'now', number>,
): Promise<readonly string[] | undefined> {
  const { numUpdatedRows } = await tx
    .updateTable('cases')
    .set({ [MARKS[stage]]: now })
    .where('id', '=', id)
    .where(isDue(tx, stage, before))
    .executeTakeFirst()
  return numUpdatedRows === 1n ? transfersOf(tx, id) : undefined
}

/** Whether the case with this transfer has ended; also when there is no such case. */
export async function hasEnded(tx: Db | Tx, transfer: string): Promise<boolean> {
  const row = await tx
    .selectFrom('cases')
    .innerJoin('case_transfers', 'case_transfers.case_id', 'cases.id')
    .select('cases.state')
    .where('case_transfers.transfer', '=', transfer)
    .executeTakeFirst()
  return row === undefined || ENDED.includes(row.state)
}
