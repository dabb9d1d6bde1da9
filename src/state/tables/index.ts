/**
 * Row types of the tables for transfers, the ledger and the site's own records; each table is
 * written by one room.
 */
export type { RegisterEntryTable } from './compliance.js'
export type {
  CertificateChangeTable,
  CertificateTable,
  GatewayKeyTable,
  TokenTable,
} from './keys.js'
export type { EventTable } from './ledger.js'
export type { RemovalTable } from './retention.js'
export type { DoubtedSpanTable } from './timekeeping.js'
export type {
  ItemKind,
  ItemTable,
  KeyPacketTable,
  Outcome,
  QuarantineTable,
  TransferState,
  TransferTable,
} from './transfers.js'
