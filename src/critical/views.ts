import type { CriticalAnswer, CriticalView } from '../protocol/http/critical.js'
import type { CriticalAnswerTable, CriticalResultTable } from '../state/night/index.js'

/** The view of a critical result that clients receive: none of its content. */
export const criticalView = (row: CriticalResultTable): CriticalView => ({
  id: row.id,
  case: row.case_id,
  code: row.code,
  facility: row.facility,
  group: row.group_id,
  level: row.level,
  state: row.state,
  author: row.author,
  sha256: row.sha256,
  raisedAt: time(row.raised_at),
  dueAt: time(row.due_at),
  ...(row.missed_at !== null && { missedAt: time(row.missed_at) }),
  ...(row.closed_at !== null && { closedAt: time(row.closed_at) }),
  ...(row.closed_for !== null && { closedFor: row.closed_for }),
})

export const answerView = (row: CriticalAnswerTable): CriticalAnswer => ({
  id: row.id,
  kind: row.kind,
  by: row.answered_by,
  result: row.result,
  at: time(row.answered_at),
  statement: row.statement,
  signature: row.signature,
  certificate: row.certificate,
  ...(row.role !== null && { role: row.role }),
})

const time = (milliseconds: number): string => new Date(milliseconds).toISOString()
