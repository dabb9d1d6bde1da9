import type { Actor, EventInput, Ledger } from '../ledger/log/index.js'
import type { PriorView } from '../priors/index.js'
import type { State, Tx } from '../state/index.js'
import type { CaseTable, CriticalResultTable } from '../state/night/index.js'
import type { Outcome } from '../state/tables/index.js'
import type { HoldTransfers } from './claim.js'
import type { ClockTarget, TargetNotice } from './clock.js'
import type { DueStep, EscalationStep } from './escalate.js'

/** The part of a group's configuration that concerns its cases. */
export interface GroupRules {
  readonly clock: readonly ClockTarget[]
  readonly escalate: readonly EscalationStep[]
}

/** Something to notify people about, in the transaction in which it happens. */
export type CaseNotice =
  | { readonly what: 'step'; readonly row: CaseTable; readonly step: DueStep }
  | { readonly what: 'target'; readonly row: CaseTable; readonly notice: TargetNotice }
  | { readonly what: 'overridden'; readonly row: CaseTable; readonly from: string }
  | { readonly what: 'reported'; readonly row: CaseTable; readonly report: string }
  | {
      readonly what: 'noted'
      readonly row: CaseTable
      readonly note: string
      readonly author: string
    }

/**
 * How many parts of each of the transfers had each outcome, and how many the sender could
 * not send.
 */
export type CountOutcomes = (transfers: readonly string[]) => Promise<
  readonly {
    readonly transfer: string
    readonly outcome: Outcome | 'missing'
    readonly count: number
  }[]
>

/** For each case, the critical results that have not been read back. */
export type OpenCriticals = (
  cases: readonly string[],
) => Promise<ReadonlyMap<string, readonly CriticalResultTable[]>>

/** For each transfer for which the PACS of its facility was asked, what became of the priors. */
export type PriorsOf = (transfers: readonly string[]) => Promise<ReadonlyMap<string, PriorView>>

/** What reading a case needs. */
export type ViewParts = Pick<CasesParts, 'state' | 'countOutcomes' | 'openCriticals' | 'priorsOf'>

export interface CasesParts {
  readonly state: State
  readonly ledger: Pick<Ledger, 'record' | 'recordAny' | 'proof'>
  readonly holdTransfers: HoldTransfers
  /** Whether a reader has still to open any of the transfers. */
  readonly hasUnopened: (tx: Tx, transfers: readonly string[]) => Promise<boolean>
  /** Whether items may still be added to any of the transfers. */
  readonly isAnyArriving: (tx: Tx, transfers: readonly string[]) => Promise<boolean>
  readonly countOutcomes: CountOutcomes
  readonly openCriticals: OpenCriticals
  readonly priorsOf: PriorsOf
  readonly rulesOf: (group: string) => GroupRules
  /** Whether the person currently reads for the group. */
  readonly reads: (person: string, group: string) => boolean
  /** Whether the facility has still to acknowledge a report on the case. */
  readonly hasUnreadReport: (tx: Tx, caseId: string) => Promise<boolean>
  /** Puts the notice into the outbox, and returns the events for that. */
  readonly announce: (tx: Tx, notice: CaseNotice) => Promise<readonly EventInput[]>
  /** Withdraws pending notices about the case, which no longer apply. */
  readonly withdraw: (tx: Tx, caseId: string) => Promise<void>
  /** The actor for changes that nobody requested. */
  readonly system: Actor
  /** How long a claim lasts without activity. */
  readonly claimMs: number
  readonly now: () => number
}

/** The person making a request that the access room has authorized. */
export interface Asker {
  readonly id: string
  readonly actor: Actor
}
