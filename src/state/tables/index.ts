/**
 * Row types of the tables for transfers, the ledger and the site's own records; each table is
 * written by one room.
 */
export type {
  CertificateTable,
  EventTable,
  ItemKind,
  ItemTable,
  KeyPacketTable,
  Outcome,
  QuarantineTable,
  TokenTable,
  TransferState,
  TransferTable,
} from './schema.js'
