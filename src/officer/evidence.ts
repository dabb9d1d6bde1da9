/** The facts that the reports are made from, as collected from the ledger. */
import type { KeyPeriod } from './key-history.js'

export interface EvidenceScope {
  readonly facility: string
  /** Milliseconds since 1970; `from` is inclusive, `until` exclusive. */
  readonly from: number
  readonly until: number
  /** Only items that belong to these patient handles. */
  readonly patients?: readonly string[]
  /** Only items that this reader fetched, or that are sealed to one of the reader's keys. */
  readonly reader?: string
  readonly transfer?: string
}

export interface Fetched {
  readonly reader: string
  readonly times: number
  readonly first: string
  readonly last: string
  /** Index of the entry of the first download. */
  readonly index: number
  /**
   * Bytes of the sealed message that the gateway sent; 0 if every download broke off immediately.
   */
  readonly bytes: number
  readonly fingerprints: readonly string[]
  readonly addresses: readonly string[]
}

export interface ItemEvidence {
  readonly item: number
  readonly kind: string
  /**
   * Keyed handle. A document names no patient: it has that of the instances in its transfer, or
   * else of its case, if these belong to one patient.
   */
  readonly patient: string | undefined
  /** For a document sent with instances of several patients: these. Otherwise empty. */
  readonly mayConcern: readonly string[]
  readonly modality: string | undefined
  readonly profile: string | undefined
  readonly size: number
  /** SHA-256 of the sealed data. */
  readonly ciphertext: string | undefined
  readonly pixelsAtRisk: boolean
  readonly fetched: readonly Fetched[]
}

/** A signed statement of a reader that they opened a transfer. */
export interface Opened {
  readonly by: string
  readonly at: string
  /** Index of the entry. */
  readonly index: number
}

export interface TransferEvidence {
  readonly transfer: string
  /** ID and code of the case that it belongs to, if the ledger names one. */
  readonly case: string | undefined
  readonly code: string | undefined
  readonly group: string
  readonly priority: string
  readonly availableAt: string | undefined
  /**
   * Fingerprints of the keys to which it was sealed, originally or later; includes removed ones.
   */
  readonly sealedTo: readonly string[]
  /** The last signed statement of having opened it. */
  readonly acknowledged: Opened | undefined
  /** The first such statement of each reader: a case may pass from one reader to another. */
  readonly openedBy: readonly Opened[]
  readonly items: readonly ItemEvidence[]
}

export type NightKind = 'critical' | 'escalation' | 'takeover'

/** One event about a critical result, an escalation, or a claim that passed to somebody else. */
export interface NightEvent {
  readonly kind: NightKind
  readonly type: string
  readonly at: string
  /** Index of the entry. */
  readonly index: number
  readonly by: string
  /** Code of the case. */
  readonly code: string
  readonly level: string | undefined
  readonly due: string | undefined
  /** Of a read-back or a call; or the reason for which a claim was taken. */
  readonly result: string | undefined
  /** Of the person who was called or read back. */
  readonly role: string | undefined
  readonly audience: string | undefined
  /** The people who were notified, separated by spaces. */
  readonly told: string | undefined
  readonly from: string | undefined
  readonly holder: string | undefined
}

export interface Evidence {
  readonly scope: EvidenceScope
  /** Number of log entries from which this was made. */
  readonly size: number
  readonly checkpoint: string
  readonly transfers: readonly TransferEvidence[]
  readonly keys: readonly KeyPeriod[]
  /** Oldest first. */
  readonly night: readonly NightEvent[]
  /**
   * With a reader: the facility's transfers outside the period that are sealed to one of the
   * reader's keys.
   */
  readonly sealedOutside: number
  /**
   * Refused requests and failed sign-ins in the period. Counted for all facilities, because an
   * outsider's request names none.
   */
  readonly refusals: number
}
