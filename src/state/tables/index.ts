/**
 * Row types of the tables for transfers, the ledger and the site's own records; each table is
 * written by one room.
 */
export type { RegisterEntryTable } from './compliance.js'
export type {
  CertificateChangeTable,
  CertificateTable,
  EventTable,
  GatewayKeyTable,
  ItemKind,
  ItemTable,
  KeyPacketTable,
  Outcome,
  QuarantineTable,
  TokenTable,
  TransferState,
  TransferTable,
} from './schema.js'
