/** The rows of reports, which only this module reads and writes. */
import type { Db, Tx } from '../state/index.js'
import type { CaseReportTable } from '../state/night/index.js'

/**
 * Selects reports: all of one facility, or of some groups. Undefined members do not restrict the
 * selection.
 */
export interface ReportRange {
  readonly facility?: string
  readonly groups?: readonly string[]
  readonly case?: string
  /** Only those that the facility has not acknowledged. */
  readonly isWaiting?: boolean
}

const MAX_LISTED = 1_000

export const insertReport = async (tx: Tx, row: CaseReportTable): Promise<void> => {
  await tx.insertInto('case_reports').values(row).execute()
}

export const findReport = (db: Db | Tx, id: string): Promise<CaseReportTable | undefined> =>
  db.selectFrom('case_reports').selectAll().where('id', '=', id).executeTakeFirst()

/** The report with this message, if it was received before. */
export const findByMessage = (db: Db | Tx, sha256: string): Promise<CaseReportTable | undefined> =>
  db.selectFrom('case_reports').selectAll().where('sha256', '=', sha256).executeTakeFirst()

/** Oldest first, so that a preliminary report is read before the final one; at most 1,000. */
export const listReports = (db: Db, range: ReportRange): Promise<CaseReportTable[]> =>
  db
    .selectFrom('case_reports')
    .selectAll()
    .$if(range.facility !== undefined, (q) => q.where('facility', '=', range.facility ?? ''))
    .$if(range.groups !== undefined, (q) => q.where('group_id', 'in', [...(range.groups ?? [])]))
    .$if(range.case !== undefined, (q) => q.where('case_id', '=', range.case ?? ''))
    .$if(range.isWaiting === true, (q) => q.where('acknowledged_at', 'is', null))
    .orderBy('id')
    .limit(MAX_LISTED)
    .execute()

/** Returns false if it was acknowledged before; then nothing changes. */
export async function acknowledgeReport(
  tx: Tx,
  id: string,
  { statement, signature }: { readonly statement: string; readonly signature: string },
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('case_reports')
    .set({
      acknowledged_at: now,
      acknowledgement: statement,
      acknowledgement_signature: signature,
    })
    .where('id', '=', id)
    .where('acknowledged_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Whether the facility has still to open a report on the case. */
const isAnyUnread = async (db: Db | Tx, caseId: string): Promise<boolean> =>
  (await db
    .selectFrom('case_reports')
    .select('id')
    .where('case_id', '=', caseId)
    .where('acknowledged_at', 'is', null)
    .executeTakeFirst()) !== undefined

/** Marks the reports on the case as removed under the retention of the site, and returns them. */
const expireReports = (tx: Tx, caseId: string, now: number): Promise<CaseReportTable[]> =>
  tx
    .updateTable('case_reports')
    .set({ expired_at: now })
    .where('case_id', '=', caseId)
    .where('expired_at', 'is', null)
    .returningAll()
    .execute()

/** Removal under the retention of the site; the caller deletes the objects afterwards. */
export const reportExpiry = { isAnyUnread, expire: expireReports }

export interface ReportTimes {
  readonly preliminary?: number
  readonly final?: number
  readonly acknowledged?: number
}

/**
 * When each case got its first report, its first final report, and the facility's first
 * acknowledgement of a final one. A final report without a preliminary one counts as both.
 */
export async function reportTimes(
  db: Db,
  cases: readonly string[],
): Promise<ReadonlyMap<string, ReportTimes>> {
  const found = new Map<string, ReportTimes>()
  if (cases.length === 0) return found
  const rows = await db
    .selectFrom('case_reports')
    .select(['case_id', 'status', 'received_at', 'acknowledged_at'])
    .where('case_id', 'in', [...cases])
    .where('status', '!=', 'addendum')
    .orderBy('received_at')
    .execute()
  for (const { case_id, status, received_at, acknowledged_at } of rows) {
    const before = found.get(case_id) ?? {}
    const isFinal = status === 'final'
    const acknowledged = before.acknowledged ?? (isFinal ? acknowledged_at : null) ?? undefined
    found.set(case_id, {
      preliminary: before.preliminary ?? received_at,
      ...(isFinal && { final: received_at }),
      ...(before.final !== undefined && { final: before.final }),
      ...(acknowledged !== undefined && { acknowledged }),
    })
  }
  return found
}
