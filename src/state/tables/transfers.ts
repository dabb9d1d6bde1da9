/** Transfers: their items, key packets, held originals, the way back, and downloads. */
import type { Priority } from '../../protocol/priority.js'

/**
 * `receiving`: the first request is still in progress. Nobody sees the transfer, and the sweep
 * removes it when its lease expires. `expired`: its key packets and contents were removed under the
 * site's retention.
 */
export type TransferState =
  'receiving' | 'open' | 'available' | 'acknowledged' | 'abandoned' | 'expired'
export type ItemKind = 'instance' | 'document' | 'archive' | 'directory' | 'unknown'
export type Outcome = 'accepted' | 'quarantined' | 'refused' | 'duplicate'

export interface TransferTable {
  id: string
  facility: string
  /** `-` while nobody has named the group: see WaitingStudyTable. */
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
  /** The profile that an intake rule named; null when the facility's own applies. */
  profile: string | null
}

export interface EnvelopeTable {
  id: string
  transfer: string
  /**
   * `receiving`: until its items are committed in one transaction. `growing`: its items are
   * committed one by one. `settling`: a growing envelope was abandoned and is being cleaned up.
   * `swept`: its objects are being removed. `uploading`: sealed at a facility; its items arrive one
   * by one, also after a restart, and are visible once all are there.
   */
  state: 'receiving' | 'growing' | 'settling' | 'uploading' | 'committed' | 'swept'
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
  /** Principal ID of the reader, or `recovery`. */
  recipient: string
  /** One OpenPGP Public-Key Encrypted Session Key packet (RFC 9580 section 5.1). */
  packet: Buffer
  /** The principal who added it after sealing; null for a packet made by the gateway. */
  added_by: string | null
  /** For an added packet: when its recipient was first seen to have opened the envelope with it. */
  proven_at: number | null
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
  /** Keyed handle of the order that an accepted instance belongs to. */
  order_handle: string | null
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
  /** Public ID of the facility secret that the new UIDs are derived from. */
  key_id: string
  /** One complete OpenPGP message with lines of JSON inside (src/transfer/README.md). */
  object: string
  size: number
  items: number
  created_at: number
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
