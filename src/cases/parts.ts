import type { Actor, EventInput, Ledger } from '../ledger/log/index.js'
import type { State, Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { HoldTransfers } from './claim.js'
import type { ClockTarget, TargetNotice } from './clock.js'
import type { DueStep, EscalationStep } from './escalate.js'

/** What a group's configuration says of its cases. */
export interface GroupRules {
  readonly clock: readonly ClockTarget[]
  readonly escalate: readonly EscalationStep[]
}

/** Something that people must be told, in the transaction in which it happens. */
export type CaseNotice =
  | { readonly what: 'step'; readonly row: CaseTable; readonly step: DueStep }
  | { readonly what: 'target'; readonly row: CaseTable; readonly notice: TargetNotice }
  | { readonly what: 'overridden'; readonly row: CaseTable; readonly from: string }

export interface CasesParts {
  readonly state: State
  readonly ledger: Pick<Ledger, 'record' | 'proof'>
  readonly holdTransfers: HoldTransfers
  readonly rulesOf: (group: string) => GroupRules
  /** Whether the person reads for the group now. */
  readonly reads: (person: string, group: string) => boolean
  /** Puts the notice into the outbox, and answers the events of that. */
  readonly announce: (tx: Tx, notice: CaseNotice) => Promise<readonly EventInput[]>
  /** What is waiting to be sent about the case is no longer true. */
  readonly withdraw: (tx: Tx, caseId: string) => Promise<void>
  /** Who does what nobody asked for. */
  readonly system: Actor
  /** How long a claim lasts without work. */
  readonly claimMs: number
  readonly now: () => number
}

/** Who asks, once the access room has decided that they may. */
export interface Asker {
  readonly id: string
  readonly actor: Actor
}
