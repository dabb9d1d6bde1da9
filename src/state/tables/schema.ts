/**
 * The tables, as Kysely sees them. One schema for SQLite and PostgreSQL: integers fit 53 bits,
 * times are milliseconds since 1970 UTC, booleans are 0 or 1, and binary columns are blobs (bytea).
 * No column holds anything that identifies a patient.
 */
import type { Generated } from 'kysely'
import type { ComplianceTables } from './compliance.js'
import type { NightTables } from '../night/tables.js'
import type { Priority } from '../priority.js'
import type { ArrivalTable, CrosswalkPieceTable, DepositTable } from './arrivals.js'

export interface Tables extends NightTables, ComplianceTables {
  transfers: TransferTable
  envelopes: EnvelopeTable
  key_packets: KeyPacketTable
  items: ItemTable
  quarantine: QuarantineTable
  crosswalks: CrosswalkTable
  crosswalk_pieces: CrosswalkPieceTable
  arrivals: ArrivalTable
  deposits: DepositTable
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
 * `receiving` is a first request still under way: nobody sees it, and the sweep takes it when its
 * lease is over.
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
  /** When it became available, and to the readers it was sealed to. */
  available_at: number | null
  claimed_by: string | null
  claimed_at: number | null
  acknowledged_by: string | null
  acknowledged_at: number | null
  /** Accepted items only. */
  item_count: number
  /** Sum of the accepted items' plaintext sizes, in bytes. */
  byte_count: number
  /** Next item number, from 1. */
  next_index: number
  /** SHA-256 of the manifest's JSON, hexadecimal. */
  manifest_digest: string | null
  manifest_object: string | null
  /** Size of the manifest's sealed data in bytes, key packet not counted. */
  manifest_size: number | null
  manifest_envelope: string | null
  /** The transfer that this one goes on with: its items were released from quarantine. */
  continues: string | null
  /**
   * Once available: keyed handle of the one patient whom its items name; null for none, and for
   * several.
   */
  patient: string | null
}

export interface EnvelopeTable {
  id: string
  transfer: string
  /**
   * `receiving` until its items are committed in one transaction; `growing` while they are
   * committed one by one; `settling` when a growing one was left and is being tidied; `swept` while
   * its objects are being removed.
   */
  state: 'receiving' | 'growing' | 'settling' | 'committed' | 'swept'
  /** The OpenPGP data packet of its items. */
  format: 'seipd1' | 'seipd2'
  /**
   * While receiving or growing: past this time, whoever finds it may sweep it. Renewed by the
   * gateway that works on it.
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
  /** From 1, in the order sent; every part sent has one, whatever its outcome. */
  idx: number
  envelope: string
  kind: ItemKind
  outcome: Outcome
  code: string | null
  /** Where the sealed data packet is; null when the item was not accepted. */
  object: string | null
  /** Size of the sealed data packet in bytes, key packet not counted. */
  sealed_size: number | null
  /** SHA-256 of the sealed data packet, hexadecimal. */
  sealed_digest: string | null
  plain_size: number | null
  /**
   * Keyed digest of the content that was sealed: finds duplicates, says nothing to who has no key.
   */
  content_handle: string | null
  /** Keyed digest of the new SOP Instance UID. */
  instance_handle: string | null
  /**
   * While the transfer is open: its entry of the manifest to come, encrypted
   * (src/transfer/waiting-entries.ts).
   */
  manifest_entry: string | null
  created_at: number
  /** Keyed handle of the patient whom an accepted instance names. */
  patient: string | null
}

export interface QuarantineTable {
  id: string
  transfer: string
  idx: number
  facility: string
  code: string
  /** Codes of further findings, with spaces between them. */
  also: string | null
  /** JSON of a Place (src/lib/errors.ts): where and why. Null where it is not known. */
  place: string | null
  /**
   * The original bytes as one whole OpenPGP message, sealed to the facility's certificate alone.
   */
  object: string
  size: number
  state: 'held' | 'released' | 'discarded'
  created_at: number
  /**
   * Keyed digest of the original: what is released must be what was held. Null in rows of an older
   * version.
   */
  digest: string | null
  decided_at: number | null
  /**
   * When the object was deleted after a decision; null before that, and the sweep makes up for a
   * crash in between.
   */
  removed_at: number | null
}

/** The way back from the pseudonyms of one envelope, sealed to the facility alone. */
export interface CrosswalkTable {
  envelope: string
  facility: string
  transfer: string
  /** Public id of the facility's secret that the new UIDs come from. */
  key_id: string
  /** One whole OpenPGP message around lines of JSON (src/transfer/README.md). */
  object: string
  size: number
  items: number
  created_at: number
}

/** The generations of a facility's secret, by public ids: one that has not retired each. */
export interface FacilityKeyTable {
  facility: string
  key_id: string
  since: number
  retired_at: number | null
}

/** Shapes of reports that an event of the ledger spells out. */
export interface ReportTable {
  digest: string
  created_at: number
}

export interface PatientTable {
  facility: string
  /** Keyed digest of the facility's patient ID and its issuer. */
  handle: string
  /** The random code that stands in its place (45 CFR 164.514(c)). */
  code: string
  /** One shift of date and time together for everything of this patient, in seconds. */
  shift_seconds: number
  created_at: number
}

export interface TokenTable {
  id: string
  /** SHA-256 of the token, hexadecimal; the token itself is 256 random bits and is kept nowhere. */
  hash: string
  principal: string
  /** How it was given: by the operator, or for a signature. */
  method: 'issued' | 'signature'
  created_at: number
  expires_at: number
  revoked_at: number | null
  last_used_at: number | null
}

export interface ChallengeTable {
  nonce: string
  principal: string
  expires_at: number
}

/** The certificates that took effect, so that a change of a file becomes an event of the ledger. */
export interface CertificateTable {
  /** Principal id, or `recovery`. */
  principal: string
  fingerprint: string
  since: number
  /** Armored. Null in rows of an older version, until the next start. */
  certificate: string | null
  /** When the configuration no longer named it; a new one of the same id is compared with it. */
  removed_at: number | null
}

/** A replaced certificate that waits for its confirmation: at most one a principal. */
export interface CertificateChangeTable {
  principal: string
  fingerprint: string
  certificate: string
  proposed_at: number
}

/** The gateway's own signing keys: the one in use, whose `until` is null, and those before. */
export interface GatewayKeyTable {
  fingerprint: string
  certificate: string
  since: number
  until: number | null
}

/**
 * Downloads under way: begun in the ledger and not ended. On start the ones of a dead gateway are
 * ended.
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
  event_id: string | null
  /** The event that it names; else the download or the envelope that begins or ends with it. */
  related: string | null
  group_id: string | null
  /**
   * Of a download that began: `inside` or `outside` the duty hours of its group, when it has any.
   */
  duty: string | null
  /** Of the client, as standard records have it. */
  address: string | null
  token: string | null
  /** What a security alert is about: a key, a token or a witness. */
  subject: string | null
  /**
   * The entry: canonical JSON (RFC 8785). Everything above is an index over it and can be rebuilt.
   */
  entry: Buffer
}

/**
 * Hash tiles as in c2sp.org/tlog-tiles: up to 256 hashes of 32 bytes. The last of a level may be
 * partial.
 */
export interface LedgerTileTable {
  level: number
  n: number
  hashes: Buffer
}

export interface LedgerHeadTable {
  /** Always 1: one row, whose lock orders every append. */
  id: Generated<number>
  size: number
  /** The signed checkpoint (c2sp.org/tlog-checkpoint) of this size. */
  checkpoint: string
}

/** Who is told of the log (its published files, a witness, a sink), and how far it was told. */
export interface LedgerCursorTable {
  name: string
  /** Entries told of. */
  position: number
  /** The gateway that tells it now, until its lease is over. */
  holder: string | null
  lease_until: number
}

/** The newest checkpoint that enough witnesses cosigned: one row. */
export interface LedgerWitnessedTable {
  id: Generated<number>
  size: number
  /** The signed checkpoint with the cosignatures as further lines. */
  checkpoint: string
  /** The oldest of the cosignatures' own times. */
  at: number
}

/**
 * Sinks that events are forwarded to, once they were lost. How far each was told stands in its
 * cursor.
 */
export interface LedgerSinkTable {
  /** Of the configuration. */
  id: string
  /** Null when it was regained. */
  lost_at: number | null
}

/** The configuration of the last start, so that a change becomes an event of the ledger. */
export interface ConfigMarkTable {
  /** A key of the configuration; `version` is the software's. */
  name: string
  /** Keyed digest of its value; of `version` the value itself. */
  mark: string
}

/** One row, written to see whether the database can be written. */
export interface WriteCheckTable {
  id: Generated<number>
  at: number
  ballast: Buffer | null
}

/** A gateway that uses the database now, until its lease is over. */
export interface GatewayTable {
  id: string
  /** Version of its software. */
  software: string
  /** Newest migration that it knows. */
  schema: string
  lease_until: number
}
