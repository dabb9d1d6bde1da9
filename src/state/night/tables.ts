/**
 * The tables for the overnight workflow: cases, clocks, escalations, roster swaps, and the
 * notification outbox.
 */
import type { Priority } from '../../protocol/priority.js'
import type { CriticalTables } from './critical.js'
import type { NoteTables } from '../cases/index.js'
import type { FeedbackTables } from '../reports/index.js'
import type { HandoverTables } from './handover.js'

export interface NightTables extends CriticalTables, FeedbackTables, HandoverTables, NoteTables {
  cases: CaseTable
  case_reports: CaseReportTable
  case_transfers: CaseTransferTable
  case_targets: CaseTargetTable
  escalations: EscalationTable
  proof_keys: ProofKeyTable
  duty_swaps: DutySwapTable
  outbox: OutboxTable
  push_subscriptions: PushSubscriptionTable
}

/**
 * `preliminary`: waits for its final report. `finalizing`: claimed for that report. `final`: has
 * it. `partial`: has its own final report, and waits for those on parts that were shared.
 */
export type CaseState =
  | 'arriving'
  | 'waiting'
  | 'claimed'
  | 'preliminary'
  | 'finalizing'
  | 'partial'
  | 'final'
  | 'closed'
  | 'recalled'

export type ReportStatus = 'preliminary' | 'final' | 'addendum'

export interface CaseTable {
  id: string
  /** Speakable, such as K7Q-4MD. Rows are never deleted, so a code is never reused. */
  code: string
  facility: string
  group_id: string
  /** The whole case, of a part that is shared by body region; it has the transfers. */
  part_of: string | null
  /** What the part is about: a word of `BODY_REGIONS`. */
  region: string | null
  /** The reader to whom the part was given; null for any reader of the group. */
  shared_to: string | null
  priority: Priority
  state: CaseState
  /** The kind of its newest report, not counting addenda. */
  report: 'preliminary' | 'final' | null
  /** DICOM modalities of its images, sorted and separated by commas. */
  modality: string | null
  /** Keyed handle of its patient, when its transfers name exactly one. */
  patient: string | null
  created_at: number
  /** When its first transfer became available. */
  available_at: number | null
  /** When a reader first claimed it; null also for cases from before this was kept. */
  first_claimed_at: number | null
  claimed_by: string | null
  claimed_at: number | null
  /** The last holder, if that claim expired and nobody has claimed the case since. */
  lapsed_from: string | null
  /**
   * The claim is over after this time, even if that has not been recorded yet. Null also for claims
   * made before claims could expire.
   */
  claim_until: number | null
  reported_by: string | null
  reported_at: number | null
  closed_at: number | null
  closed_for: string | null
  /**
   * When the contents of its transfers were removed under the site's retention; null again once
   * further images arrive.
   */
  contents_expired_at: number | null
  /** The same for its reports, critical results and crosswalks. */
  reports_expired_at: number | null
}

/** How a transfer was added to its case. */
export type Joining = 'first' | 'late' | 'released' | 'prior' | 'moved'

/** Every transfer belongs to exactly one case. */
export interface CaseTransferTable {
  transfer: string
  case_id: string
  joining: Joining
  joined_at: number
}

/** One report as sent by a reader. Its content is only in the sealed object. */
export interface CaseReportTable {
  id: string
  case_id: string
  /** The case's code, for lists of reports that do not load the case. */
  code: string
  facility: string
  group_id: string
  status: ReportStatus
  /** How far a final report agrees with the preceding preliminary report. */
  agreement: 'agree' | 'minor' | 'major' | null
  author: string
  /** The statement signed by the author: canonical JSON, see protocol/report.ts. */
  statement: string
  signature: string
  /** The author's armored certificate in effect at the time. */
  certificate: string
  /** SHA-256 of the sealed message, hexadecimal. The same message sent again is the same report. */
  sha256: string
  size: number
  /** Time of signing, by the reader's clock. */
  signed_at: number
  received_at: number
  acknowledged_at: number | null
  acknowledgement: string | null
  acknowledgement_signature: string | null
  /** When its message was removed under the site's retention. */
  expired_at: number | null
}

export type TargetKind = 'claim' | 'preliminary' | 'final' | 'acknowledged'

/**
 * The targets of a case. They are fixed when its clock starts and not affected by later
 * configuration changes.
 */
export interface CaseTargetTable {
  case_id: string
  kind: TargetKind
  started_at: number
  warn_at: number
  due_at: number
  /**
   * When the warning that the target is approaching was recorded; a target that is met or missed
   * gets no warning.
   */
  warned_at: number | null
  met_at: number | null
  missed_at: number | null
}

/** One escalation, running or ended. */
export interface EscalationTable {
  id: string
  case_id: string
  /** Id of a critical result; null when the escalation is about the case itself. */
  critical: string | null
  /** The escalation chain as configured when it started, in JSON. */
  chain: string
  /** The next step that is due, counted from 0. */
  step: number
  /**
   * Changes with each step: if two gateways take the same step, one of them finds it changed and
   * stops.
   */
  fence: string
  next_at: number
  started_at: number
  stopped_at: number | null
}

/** Public half of the proof key, which anyone holding an envelope's session key can sign with. */
export interface ProofKeyTable {
  envelope: string
  /** Ed25519, 32 octets, hexadecimal. */
  public_key: string
}

/** `taker` is on duty in place of `giver` from `starts` until `ends`. */
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
  /** Unique over all time, so that the same notification is never sent twice. */
  dedupe: string
  person: string
  channel: string
  /** JSON without PHI: event, case code, facility, priority and times. */
  body: string
  /** The case or the critical result that it is about, with which it is withdrawn. */
  case_id: string | null
  created_at: number
  due_at: number
  lease_until: number
  attempts: number
  sent_at: number | null
  /** Set when the notification is no longer true, so that it is not sent any more. */
  withdrawn_at: number | null
  /** The gateway's own code for the last failure, never a server's text. */
  last_code: string | null
}

/** Web Push (RFC 8030) subscriptions of users' browsers. */
export interface PushSubscriptionTable {
  id: string
  person: string
  endpoint: string
  /** The browser's key and its authentication secret (RFC 8291), in base64url. */
  p256dh: string
  auth: string
  created_at: number
}
