import type { SiteConfig } from '../config/index.js'
import type { Cases } from '../cases/index.js'
import type { Critical } from '../critical/index.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import type { reportExpiry } from '../reports/index.js'
import type { Db, State, Tx } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { ClockProblem, Doubt, Timekeeping } from '../timekeeping/index.js'
import type { Transfers } from '../transfer/index.js'

/** `closed`: contents of ended cases. `reports`: their reports, critical results and crosswalks. */
export type Stage = keyof SiteConfig['retention']

/**
 * Why something past its period stays: a legal hold; a report that the facility has not
 * acknowledged; a critical result that nobody has read back; more items to come; a case that has
 * not ended; a clock that is not trusted.
 */
export type BlockReason = 'hold' | 'report' | 'critical' | 'arriving' | 'open' | 'clock'

/** Something past its period. */
export interface Candidate {
  readonly stage: Stage
  /** Of the case, or of the held item. */
  readonly id: string
  /** Code of the case. */
  readonly code?: string
  readonly facility: string
  readonly transfers: readonly string[]
  /** Key of the object, of a held item. */
  readonly object?: string
  /** When the period began. */
  readonly since: number
  readonly blockedBy?: BlockReason
}

export interface RetentionParts {
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'recordAny'>
  readonly store: Pick<ObjectStore, 'delete'>
  /** What has no period stays. */
  readonly terms: SiteConfig['retention']
  readonly cases: Cases['expiry']
  readonly transfers: Transfers['expiry']
  readonly reports: typeof reportExpiry
  /** Key of a report's object. */
  readonly reportKey: (id: string) => string
  readonly critical: Pick<Critical, 'openOf' | 'expire'>
  /** Deletes the notes on a case. Returns their number. */
  readonly expireNotes: (tx: Tx, caseId: string) => Promise<number>
  /** Deletes the feedback on these reports. Returns its number. */
  readonly expireFeedback: (tx: Tx, reports: readonly string[]) => Promise<number>
  readonly handovers: {
    /** Those that have a note and were given at or before this time, oldest first. */
    noted(
      db: Db,
      before: number,
    ): Promise<readonly { readonly id: string; readonly given_at: number }[]>
    /** Deletes their notes. Returns the number of those that had one. */
    expire(tx: Tx, ids: readonly string[]): Promise<number>
  }
  /** A hold is about transfers, which hand-overs do not name. */
  readonly isAnythingHeld: (db: Db | Tx) => Promise<boolean>
  /** Whether an event of any of the transfers is under a legal hold. */
  readonly areHeld: (db: Db | Tx, transfers: readonly string[]) => Promise<boolean>
  readonly system: Actor
  readonly now: () => number
  readonly timekeeping: Pick<Timekeeping, 'doubt' | 'observe' | 'beginnings'>
  readonly explain: (doubt: Doubt) => ClockProblem
}

/** The clock was compared once, and stands for the whole run: it may be set meanwhile. */
export interface RetentionTime {
  readonly now: number
  /** When a period began, whatever the clock showed then. */
  readonly begun: (at: number) => number
  /** Set while it is not trusted; then nothing is removed. */
  readonly clock: ClockProblem | undefined
}
