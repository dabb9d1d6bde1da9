/** Row types of the tables for cases, duty and notifications; each table is written by one room. */
export type { CriticalAnswerTable, CriticalResultTable, CriticalState } from './critical.js'
export type { HandoverTable } from './handover.js'
export type {
  CaseReportTable,
  CaseState,
  CaseTable,
  CaseTargetTable,
  DutySwapTable,
  EscalationTable,
  Joining,
  OutboxTable,
  PushSubscriptionTable,
  ReportStatus,
  TargetKind,
} from './tables.js'
