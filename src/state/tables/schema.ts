/**
 * The tables as Kysely sees them. One schema for SQLite and PostgreSQL: integers fit in 53 bits,
 * times are milliseconds since 1970 UTC, booleans are 0 or 1, and binary columns are blobs (bytea).
 * No column holds anything that identifies a patient.
 */
import type { Generated } from 'kysely'
import type { NightTables } from '../night/tables.js'
import type { AlertTables } from './alerts.js'
import type {
  ArrivalTable,
  CrosswalkPieceTable,
  DepositTable,
  RequisitionOrderTable,
  WaitingStudyTable,
} from './arrivals.js'
import type { ComplianceTables } from './compliance.js'
import type { EnrolmentTables } from '../enrolment/tables.js'
import type {
  CertificateChangeTable,
  CertificateTable,
  ChallengeTable,
  ClientCertificateTable,
  FacilityKeyTable,
  GatewayKeyTable,
  TokenTable,
} from './keys.js'
import type {
  EventTable,
  LedgerCursorTable,
  LedgerHeadTable,
  LedgerSinkTable,
  LedgerTileTable,
  LedgerWitnessedTable,
} from './ledger.js'
import type {
  CrosswalkTable,
  DownloadTable,
  EnvelopeTable,
  ItemTable,
  KeyPacketTable,
  PatientTable,
  QuarantineTable,
  ReportTable,
  TransferTable,
} from './transfers.js'
import type { PriorTables } from './priors.js'
import type { RetentionTables } from './retention.js'
import type { SealedTables } from './sealed.js'
import type { TimekeepingTables } from './timekeeping.js'
import type { UploadKeyTable, UsageTable } from './uploads.js'

export interface Tables
  extends
    NightTables,
    ComplianceTables,
    AlertTables,
    EnrolmentTables,
    PriorTables,
    RetentionTables,
    SealedTables,
    TimekeepingTables {
  transfers: TransferTable
  envelopes: EnvelopeTable
  key_packets: KeyPacketTable
  items: ItemTable
  quarantine: QuarantineTable
  crosswalks: CrosswalkTable
  crosswalk_pieces: CrosswalkPieceTable
  arrivals: ArrivalTable
  deposits: DepositTable
  waiting_studies: WaitingStudyTable
  requisition_orders: RequisitionOrderTable
  upload_keys: UploadKeyTable
  usage: UsageTable
  facility_keys: FacilityKeyTable
  reports: ReportTable
  patients: PatientTable
  tokens: TokenTable
  challenges: ChallengeTable
  certificates: CertificateTable
  certificate_changes: CertificateChangeTable
  client_certificates: ClientCertificateTable
  gateway_keys: GatewayKeyTable
  downloads: DownloadTable
  events: EventTable
  ledger_tiles: LedgerTileTable
  ledger_head: LedgerHeadTable
  ledger_cursors: LedgerCursorTable
  ledger_witnessed: LedgerWitnessedTable
  ledger_sinks: LedgerSinkTable
  config_marks: ConfigMarkTable
  write_checks: WriteCheckTable
  gateways: GatewayTable
}

/**
 * Marks of the configuration at the last start, so that a change becomes an event in the ledger.
 */
export interface ConfigMarkTable {
  /** A configuration key, or `version` for the software version. */
  name: string
  /** Keyed digest of the key's value; for `version`, the value itself. */
  mark: string
}

/** A single row, written to test whether the database is writable. */
export interface WriteCheckTable {
  id: Generated<number>
  at: number
  ballast: Buffer | null
}

/** A gateway using the database, until its lease expires. */
export interface GatewayTable {
  id: string
  /** Its software version. */
  software: string
  /** The newest migration that it knows. */
  schema: string
  lease_until: number
}
