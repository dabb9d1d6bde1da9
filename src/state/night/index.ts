/** Row types of the tables for cases, duty and notifications; each table is written by one room. */
export type {
  CaseState,
  CaseTable,
  CaseTargetTable,
  DutySwapTable,
  EscalationTable,
  Joining,
  OutboxTable,
  PushSubscriptionTable,
  TargetKind,
} from './tables.js'
