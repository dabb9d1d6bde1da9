/** The tables of critical results and of the answers to them. */

export interface CriticalTables {
  critical_results: CriticalResultTable
  critical_answers: CriticalAnswerTable
}

/** `comparing`: read back in other words, so the reader has to compare. */
export type CriticalState = 'raised' | 'comparing' | 'closed'

export interface CriticalResultTable {
  id: string
  case_id: string
  /** The code of its case. */
  code: string
  facility: string
  group_id: string
  /** A transfer of the case, so that a search by transfer finds its events. */
  transfer: string
  /** Keyed handle of the patient, when the case names exactly one. */
  patient: string | null
  level: 'minutes' | 'hours' | 'days'
  state: CriticalState
  author: string
  /** What the author signed: canonical JSON, see protocol/critical.ts. */
  statement: string
  signature: string
  /** The author's armored certificate in effect at the time. */
  certificate: string
  /** SHA-256 of the sealed message, hexadecimal. The same message sent again is the same result. */
  sha256: string
  /** SHA-256 of the proof of a read-back by words. */
  commitment: string
  /** The sealed finding: one OpenPGP message in base64. */
  message: string
  raised_at: number
  due_at: number
  missed_at: number | null
  closed_at: number | null
  closed_for: 'read-back' | 'phone' | null
}

/** One answer: a read-back, its comparison by a reader, or a phone call. Never changed. */
export interface CriticalAnswerTable {
  id: string
  critical: string
  kind: 'read-back' | 'comparison' | 'phone'
  /** The principal whose token was used. */
  answered_by: string
  role: string | null
  /** `waiting`: a read-back that a reader has to compare. */
  result: 'matches' | 'waiting' | 'differs' | 'not-read-back'
  statement: string
  signature: string
  certificate: string
  /** Of the statement, hexadecimal. The same statement sent again is the same answer. */
  sha256: string
  /** The sealed read-back, in base64. */
  message: string | null
  answered_at: number
}
