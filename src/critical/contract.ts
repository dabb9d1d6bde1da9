import type { Asker, EscalationStep } from '../cases/index.js'
import type { Actor, EventInput, Ledger } from '../ledger/log/index.js'
import type { CriticalLevel, NewCritical, NewReadBack } from '../protocol/critical.js'
import type { SignedRequest } from '../protocol/signed.js'
import type { Recipient, VerifyDetached } from '../seal/keys/index.js'
import type { Db, State, Tx } from '../state/index.js'
import type { CaseTable, CriticalAnswerTable, CriticalResultTable } from '../state/night/index.js'
import type { CriticalCounts, CriticalRange } from './rows.js'

/** A facility's rules for critical results. */
export interface CriticalRules {
  /** In the order in which they are told; not empty. */
  readonly contacts: readonly EscalationStep['audience'][]
  readonly failSafe: EscalationStep['audience']
  readonly withinMs: Readonly<Record<CriticalLevel, number>>
}

/** Something to notify people about, in the transaction in which it happens. */
export interface CriticalNotice {
  readonly what: 'missed' | 'closed'
  readonly row: CriticalResultTable
}

export interface CriticalParts {
  readonly gateway: string
  readonly state: State
  readonly ledger: Pick<Ledger, 'record' | 'recordAny' | 'note' | 'proof'>
  readonly rulesOf: (facility: string) => CriticalRules
  /** Armored, in effect now; empty when there is none. */
  readonly certificateOf: (principal: string) => string
  readonly facilityRecipient: (facility: string) => Promise<Recipient>
  /** Those that a read-back must be sealed to one of: the readers of the group. */
  readonly readerRecipients: (group: string) => Promise<readonly Recipient[]>
  readonly verifyDetached: VerifyDetached
  readonly isSealedTo: (message: Uint8Array, recipient: Recipient) => Promise<boolean>
  /** Starts the escalation, or restarts it with another chain; implemented by the cases room. */
  readonly escalate: (tx: Tx, about: About, chain: readonly EscalationStep[]) => Promise<void>
  readonly calm: (tx: Tx, about: About) => Promise<void>
  /** Puts the notice into the outbox. */
  readonly announce: (tx: Tx, notice: CriticalNotice) => Promise<void>
  /** Withdraws pending notices about the critical result, which no longer apply. */
  readonly withdraw: (tx: Tx, id: string) => Promise<void>
  readonly system: Actor
  readonly now: () => number
}

export interface About {
  readonly case: string
  readonly critical: string
}

export interface Answered {
  readonly row: CriticalResultTable
  readonly answer: CriticalAnswerTable
  /** Proof of the event; undefined when the same statement was received before. */
  readonly receipt: string | undefined
}

export interface Critical {
  /**
   * @param transfer one of the case
   * @throws NocturneError `critical_invalid`, `report_under_way`, `recipient_unusable`
   */
  raise(
    author: Asker,
    row: CaseTable,
    transfer: string,
    sent: NewCritical,
  ): Promise<{ readonly row: CriticalResultTable; readonly receipt: string | undefined }>
  /** @param tx to read what this transaction has written */
  find(id: string, tx?: Tx): Promise<CriticalResultTable | undefined>
  /** Open ones first, then the newest; at most 1,000. */
  list(range: CriticalRange): Promise<readonly CriticalResultTable[]>
  /** Oldest first. */
  answers(id: string): Promise<readonly CriticalAnswerTable[]>
  /** Those of each case that are not closed. */
  openOf(
    cases: readonly string[],
    tx?: Db | Tx,
  ): Promise<ReadonlyMap<string, readonly CriticalResultTable[]>>
  /**
   * Call inside the transaction that records the expiry. Deletes the sealed messages of the case's
   * closed results, and returns how many there were.
   */
  expire(tx: Tx, caseId: string): Promise<number>
  /** Number of those that are not closed, by level, and how many of them are late. */
  counts(): Promise<CriticalCounts>
  /**
   * Returns the sealed finding or the sealed read-back, after the event that records the read is
   * durable.
   *
   * @throws NocturneError `content_expired`
   */
  read(asker: Asker, row: CriticalResultTable, message: string): Promise<Buffer>
  /** @throws NocturneError `critical_invalid`, `critical_state`, `recipient_unusable` */
  readBack(facility: Asker, row: CriticalResultTable, sent: NewReadBack): Promise<Answered>
  /** @throws NocturneError `critical_invalid`, `critical_state` */
  compare(reader: Asker, row: CriticalResultTable, signed: SignedRequest): Promise<Answered>
  /** @throws NocturneError `critical_invalid`, `critical_state` */
  phone(reader: Asker, row: CriticalResultTable, signed: SignedRequest): Promise<Answered>
  /**
   * Records the targets that were missed since the last round.
   *
   * @returns the number of events recorded.
   */
  runDue(): Promise<number>
}

/** The fields common to all events about a critical result. */
export const aboutCritical = (
  row: CriticalResultTable,
  detail: NonNullable<EventInput['detail']> = {},
): Pick<EventInput, 'facility' | 'group' | 'transfer' | 'patient' | 'detail'> => ({
  facility: row.facility,
  group: row.group_id,
  transfer: row.transfer,
  ...(row.patient !== null && { patient: row.patient }),
  detail: { case: row.case_id, code: row.code, critical: row.id, level: row.level, ...detail },
})
