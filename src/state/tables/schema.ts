/**
 * The tables as Kysely sees them. One schema for SQLite and PostgreSQL: integers fit in 53 bits,
 * times are milliseconds since 1970 UTC, booleans are 0 or 1, and binary columns are blobs (bytea).
 * No column holds anything that identifies a patient.
 */
import type { Generated } from 'kysely'
import type { AlertTables } from './alerts.js'
import type { ComplianceTables } from './compliance.js'
import type { NightTables } from '../night/tables.js'
import type { Priority } from '../../protocol/priority.js'
import type { ArrivalTable, CrosswalkPieceTable, DepositTable } from './arrivals.js'
import type { UploadKeyTable } from './uploads.js'

export interface Tables extends NightTables, ComplianceTables, AlertTables {
  transfers: TransferTable
  envelopes: EnvelopeTable
  key_packets: KeyPacketTable
  items: ItemTable
  quarantine: QuarantineTable
  crosswalks: CrosswalkTable
  crosswalk_pieces: CrosswalkPieceTable
  arrivals: ArrivalTable
  deposits: DepositTable
  upload_keys: UploadKeyTable
  facility_keys: FacilityKeyTable
  reports: ReportTable
  patients: PatientTable
  tokens: TokenTable
  challenges: ChallengeTable
  certificates: CertificateTable
  certificate_changes: CertificateChangeTable
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
 * `receiving`: the first request is still in progress. Nobody sees the transfer, and the sweep
 * removes it when its lease expires.
 */
export type TransferState = 'receiving' | 'open' | 'available' | 'acknowledged' | 'abandoned'
export type ItemKind = 'instance' | 'document' | 'archive' | 'directory' | 'unknown'
export type Outcome = 'accepted' | 'quarantined' | 'refused' | 'duplicate'

export interface TransferTable {
  id: string
  facility: string
  group_id: string
  sender: string
  priority: Priority
  state: TransferState
  created_at: number
  /** When it became available to the readers it was sealed to. */
  available_at: number | null
  claimed_by: string | null
  claimed_at: number | null
  acknowledged_by: string | null
  acknowledged_at: number | null
  /** Counts accepted items only. */
  item_count: number
  /** Sum of the plaintext sizes of the accepted items, in bytes. */
  byte_count: number
  /** Number of the next item, from 1. */
  next_index: number
  /** SHA-256 of the manifest's JSON, hexadecimal. */
  manifest_digest: string | null
  manifest_object: string | null
  /** Size of the manifest's sealed data in bytes, not counting the key packet. */
  manifest_size: number | null
  manifest_envelope: string | null
  /** The transfer that this one continues, with items released from quarantine. */
  continues: string | null
  /**
   * Set once available: the smallest `source_handle` of its items, used to recognize files sent a
   * second time.
   */
  sent_handle: string | null
  /** Number of files that the sender said it had but could not send. */
  missing: number
  /** Set once available: keyed handle of the patient, if the items name exactly one. */
  patient: string | null
}

export interface EnvelopeTable {
  id: string
  transfer: string
  /**
   * `receiving`: until its items are committed in one transaction. `growing`: its items are
   * committed one by one. `settling`: a growing envelope was abandoned and is being cleaned up.
   * `swept`: its objects are being removed.
   */
  state: 'receiving' | 'growing' | 'settling' | 'committed' | 'swept'
  /** Format of the OpenPGP data packets of its items. */
  format: 'seipd1' | 'seipd2'
  /**
   * While receiving or growing: after this time, any gateway may sweep it. The gateway working on
   * it renews the lease.
   */
  lease_until: number
}

export interface KeyPacketTable {
  envelope: string
  /** Lower-case hexadecimal fingerprint of the certificate. */
  fingerprint: string
  /** Principal id of the reader, or `recovery`. */
  recipient: string
  /** One OpenPGP Public-Key Encrypted Session Key packet (RFC 9580 section 5.1). */
  packet: Buffer
}

export interface ItemTable {
  transfer: string
  /** From 1, in the order sent; every part sent has a number, whatever its outcome. */
  idx: number
  envelope: string
  kind: ItemKind
  outcome: Outcome
  code: string | null
  /** Key of the sealed data packet in the store; null when the item was not accepted. */
  object: string | null
  /** Size of the sealed data packet in bytes, not counting the key packet. */
  sealed_size: number | null
  /** SHA-256 of the sealed data packet, hexadecimal. */
  sealed_digest: string | null
  plain_size: number | null
  /**
   * Keyed digest of the content that was sealed: finds duplicates, and reveals nothing without the
   * key.
   */
  content_handle: string | null
  /** Keyed digest of the new SOP Instance UID. */
  instance_handle: string | null
  /**
   * For an accepted item: keyed digest that is identical whenever the same file is sent. Null when
   * it was not computed.
   */
  source_handle: string | null
  /**
   * While the transfer is open: its encrypted entry for the future manifest
   * (src/transfer/waiting-entries.ts).
   */
  manifest_entry: string | null
  created_at: number
  /** Keyed handle of the patient named in an accepted instance. */
  patient: string | null
}

export interface QuarantineTable {
  id: string
  transfer: string
  idx: number
  facility: string
  code: string
  /** Codes of further findings, separated by spaces. */
  also: string | null
  /** JSON of a Place (src/lib/errors.ts): where the fault is and why. Null when unknown. */
  place: string | null
  /**
   * The original bytes as a complete OpenPGP message, sealed to the facility's certificate only.
   */
  object: string
  size: number
  state: 'held' | 'released' | 'discarded'
  created_at: number
  /**
   * Keyed digest of the original, to check that what is released is what was held. Null in rows
   * from older versions.
   */
  digest: string | null
  decided_at: number | null
  /**
   * When the object was deleted after a decision; null before that. If a crash comes in between,
   * the sweep deletes it.
   */
  removed_at: number | null
}

/** Maps the pseudonyms of one envelope back to the originals, sealed to the facility only. */
export interface CrosswalkTable {
  envelope: string
  facility: string
  transfer: string
  /** Public id of the facility secret that the new UIDs are derived from. */
  key_id: string
  /** One complete OpenPGP message with lines of JSON inside (src/transfer/README.md). */
  object: string
  size: number
  items: number
  created_at: number
}

/**
 * The generations of each facility's secret, by public id. Exactly one per facility is not retired.
 */
export interface FacilityKeyTable {
  facility: string
  key_id: string
  since: number
  retired_at: number | null
}

/** Report shapes, each recorded in full by an event in the ledger. */
export interface ReportTable {
  digest: string
  created_at: number
}

export interface PatientTable {
  facility: string
  /** Keyed digest of the facility's patient ID and its issuer. */
  handle: string
  /** The random code that replaces the patient ID (45 CFR 164.514(c)). */
  code: string
  /** The shift applied to all dates and times of this patient, in seconds. */
  shift_seconds: number
  created_at: number
}

export interface TokenTable {
  id: string
  /** SHA-256 of the token, hexadecimal; the token itself is 256 random bits and is not stored. */
  hash: string
  principal: string
  /** How the token was obtained: issued by the operator, or in exchange for a signature. */
  method: 'issued' | 'signature'
  created_at: number
  expires_at: number
  revoked_at: number | null
  last_used_at: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

export interface ChallengeTable {
  nonce: string
  principal: string
  expires_at: number
}

/**
 * The certificates that have taken effect, so that a changed file becomes an event in the ledger.
 */
export interface CertificateTable {
  /** Principal id, or `recovery`. */
  principal: string
  fingerprint: string
  since: number
  /** Armored. Null in rows from older versions, until the next start. */
  certificate: string | null
  /**
   * When the configuration stopped naming it; a later certificate under the same id is compared
   * with it.
   */
  removed_at: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/** A replacement certificate awaiting confirmation: at most one per principal. */
export interface CertificateChangeTable {
  principal: string
  fingerprint: string
  certificate: string
  proposed_at: number
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/** The gateway's own signing keys: the current one, with `until` null, and former ones. */
export interface GatewayKeyTable {
  fingerprint: string
  certificate: string
  since: number
  until: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/**
 * Downloads in progress: begun in the ledger and not ended. Those of a dead gateway are ended at
 * the next start.
 */
export interface DownloadTable {
  id: string
  transfer: string
  /** Item number, or 0 for the manifest. */
  idx: number
  principal: string
  lease_until: number
}

export interface EventTable {
  /** Position in the log, from 0, without gaps. */
  idx: number
  time: number
  type: string
  outcome: number
  actor: string | null
  facility: string | null
  transfer: string | null
  patient: string | null
  /** For an accepted instance: keyed handle of its Patient ID alone, if it names an issuer. */
  id_handle: string | null
  event_id: string | null
  /** The event it refers to; otherwise the download or envelope that begins or ends with it. */
  related: string | null
  group_id: string | null
  /**
   * For the start of a download: `inside` or `outside` the duty hours of its group, if the group
   * has any.
   */
  duty: string | null
  /** Address of the client, as standard records have it. */
  address: string | null
  token: string | null
  /** The subject of a security alert: a key, a token or a witness. */
  subject: string | null
  /**
   * The entry: canonical JSON (RFC 8785). All other columns are an index over it and can be
   * rebuilt.
   */
  entry: Buffer
}

/**
 * Hash tiles (c2sp.org/tlog-tiles): up to 256 hashes of 32 bytes. The last tile of a level may be
 * partial.
 */
export interface LedgerTileTable {
  level: number
  n: number
  hashes: Buffer
}

export interface LedgerHeadTable {
  /** Always 1: the single row whose lock orders all appends. */
  id: Generated<number>
  size: number
  /** The signed checkpoint of this size (c2sp.org/tlog-checkpoint). */
  checkpoint: string
}

/** How far each outlet of the log (published files, a witness, a sink) has been told. */
export interface LedgerCursorTable {
  name: string
  /** Number of entries it has been told. */
  position: number
  /** The gateway that is telling it, until its lease expires. */
  holder: string | null
  lease_until: number
}

/** The newest checkpoint cosigned by enough witnesses: a single row. */
export interface LedgerWitnessedTable {
  id: Generated<number>
  size: number
  /** The signed checkpoint, with the cosignatures as additional lines. */
  checkpoint: string
  /** The earliest time stated in the cosignatures. */
  at: number
}

/** Sinks that have been lost at some point. How far each was told is in its cursor. */
export interface LedgerSinkTable {
  /** Id of the sink in the configuration. */
  id: string
  /** Null after the sink has recovered. */
  lost_at: number | null
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
