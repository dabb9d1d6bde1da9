/**
 * The tables of the night: cases, clocks, escalations, the roster's swaps, and the outbox of
 * notifications.
 */
import type { Priority } from '../priority.js'

export interface NightTables {
  cases: CaseTable
  case_transfers: CaseTransferTable
  case_targets: CaseTargetTable
  escalations: EscalationTable
  proof_keys: ProofKeyTable
  duty_swaps: DutySwapTable
  outbox: OutboxTable
  push_subscriptions: PushSubscriptionTable
}

/**
 * `preliminary` waits for its final report; `finalizing` is claimed for it. `final` has its report.
 */
export type CaseState =
  | 'arriving'
  | 'waiting'
  | 'claimed'
  | 'preliminary'
  | 'finalizing'
  | 'final'
  | 'closed'
  | 'recalled'

export type ReportStatus = 'preliminary' | 'final' | 'addendum'

export interface CaseTable {
  id: string
  /** Speakable, such as K7Q-4MD. Rows are never deleted, so that no code names two cases. */
  code: string
  facility: string
  group_id: string
  priority: Priority
  state: CaseState
  /** The newest kind of report it has, addenda aside. */
  report: 'preliminary' | 'final' | null
  /** DICOM modalities of its images, in alphabetical order, with commas between them. */
  modality: string | null
  /** Keyed handle of its patient, when its transfers name one alone. */
  patient: string | null
  created_at: number
  /** When its first transfer became available. */
  available_at: number | null
  claimed_by: string | null
  claimed_at: number | null
  /**
   * Past this time the claim is over, whether or not that was recorded yet. Null also for a claim
   * of before there were ends.
   */
  claim_until: number | null
  reported_by: string | null
  reported_at: number | null
  closed_at: number | null
  closed_for: string | null
}

/** How a transfer came to its case. */
export type Joining = 'first' | 'late' | 'released' | 'prior' | 'moved'

/** Every transfer belongs to exactly one case. */
export interface CaseTransferTable {
  transfer: string
  case_id: string
  joining: Joining
  joined_at: number
}

export type TargetKind = 'claim' | 'preliminary' | 'final' | 'acknowledged'

/** The targets of a case, fixed as its clock starts: a later change of configuration moves none. */
export interface CaseTargetTable {
  case_id: string
  kind: TargetKind
  started_at: number
  warn_at: number
  due_at: number
  /** When the notice that it approaches was recorded; a target that is met or missed gives none. */
  warned_at: number | null
  met_at: number | null
  missed_at: number | null
}

/** One escalation under way, or one that ended. */
export interface EscalationTable {
  id: string
  case_id: string
  /** A critical result's id; null when it is about the case itself. */
  critical: string | null
  /** The chain as configured when it started: JSON. */
  chain: string
  /** The step that is due next, from 0. */
  step: number
  /** A new one with each step: of two gateways that take the same step, one finds it changed. */
  fence: string
  next_at: number
  started_at: number
  stopped_at: number | null
}

/** Public half of the key that whoever holds an envelope's session key can sign with. */
export interface ProofKeyTable {
  envelope: string
  /** Ed25519, 32 octets, hexadecimal. */
  public_key: string
}

/** From `starts` until `ends`, `taker` is on duty in the place of `giver`. */
export interface DutySwapTable {
  id: string
  group_id: string
  giver: string
  taker: string
  starts: number
  ends: number
  recorded_by: string
  recorded_at: number
  revoked_at: number | null
}

export interface OutboxTable {
  id: string
  /** One row per key, ever: what would be said twice is said once. */
  dedupe: string
  person: string
  channel: string
  /** JSON without PHI: event, case code, facility, priority, times. */
  body: string
  case_id: string | null
  created_at: number
  due_at: number
  lease_until: number
  attempts: number
  sent_at: number | null
  /** It is no longer true, so that it is not sent any more. */
  withdrawn_at: number | null
  /** A code of ours for the last failure, never a server's text. */
  last_code: string | null
}

/** Web Push (RFC 8030) subscriptions of people's browsers. */
export interface PushSubscriptionTable {
  id: string
  person: string
  endpoint: string
  /** Base64url, of the browser's key and its authentication secret (RFC 8291). */
  p256dh: string
  auth: string
  created_at: number
}
