/** Rows of the tables of cases, duty and notifications; each is written by one room. */
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
