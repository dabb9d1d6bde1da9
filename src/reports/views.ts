import type { CaseReportTable } from '../state/night/index.js'
import type { ReportView } from '../protocol/http/reports.js'

/** The view of a report that clients receive: none of its content. */
export const reportView = (row: CaseReportTable): ReportView => ({
  id: row.id,
  case: row.case_id,
  code: row.code,
  facility: row.facility,
  group: row.group_id,
  status: row.status,
  ...(row.agreement !== null && { agreement: row.agreement }),
  author: row.author,
  sha256: row.sha256,
  size: row.size,
  signedAt: new Date(row.signed_at).toISOString(),
  receivedAt: new Date(row.received_at).toISOString(),
  ...(row.acknowledged_at !== null && {
    acknowledgedAt: new Date(row.acknowledged_at).toISOString(),
  }),
})
