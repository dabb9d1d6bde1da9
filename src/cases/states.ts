/** What can happen to a case in which state, as one table. Anything not in it is refused. */
import type { CaseState } from '../state/night/index.js'

export const CASE_STATES = [
  'arriving',
  'waiting',
  'claimed',
  'preliminary',
  'finalizing',
  'partial',
  'final',
  'closed',
  'recalled',
] as const satisfies readonly CaseState[]

export const CASE_STEPS = [
  /** One of its transfers is still open. */
  'arrive',
  /** One of its transfers became available. */
  'deliver',
  'claim',
  /** The claim ends without a report: released, expired, or its holder left the group. */
  'unclaim',
  'preliminary',
  'final',
  'addendum',
  /** A reader opened everything, at a site that closes cases on opening. */
  'acknowledge',
  'close',
  'recall',
  /** Its transfers join another case, which ends it. */
  'join',
  /** Some of its transfers become a case of their own. */
  'split',
  /** A body region becomes a part that another reader reports. */
  'share',
  /** Its own final report, while parts of it are not reported. */
  'await',
  /** The last of its parts is reported. */
  'complete',
  /** A part ended without a report, so that its region is read with the case again. */
  'rejoin',
] as const

export type CaseStep = (typeof CASE_STEPS)[number]

type Row = Partial<Record<CaseStep, CaseState>>

/**
 * Images that arrive after a report make the case wait again, because nobody has read them. A
 * report is accepted although its author's claim has expired, as long as nobody else holds one:
 * refusing it would lose finished work. A recalled case accepts nothing more; its sender starts a
 * new one. Only a case without a report is joined to another or split: a report is about the images
 * that its case had. A case of which parts are shared is final only when all of them are.
 */
export const CASE_TABLE = {
  arriving: { arrive: 'arriving', deliver: 'waiting', recall: 'recalled', close: 'closed' },
  waiting: {
    arrive: 'waiting',
    deliver: 'waiting',
    claim: 'claimed',
    preliminary: 'preliminary',
    final: 'final',
    acknowledge: 'closed',
    recall: 'recalled',
    close: 'closed',
    join: 'closed',
    split: 'waiting',
    share: 'waiting',
    await: 'partial',
  },
  claimed: {
    arrive: 'claimed',
    deliver: 'claimed',
    claim: 'claimed',
    unclaim: 'waiting',
    preliminary: 'preliminary',
    final: 'final',
    addendum: 'final',
    acknowledge: 'closed',
    recall: 'recalled',
    close: 'closed',
    join: 'closed',
    split: 'claimed',
    share: 'claimed',
    await: 'partial',
  },
  preliminary: {
    arrive: 'preliminary',
    deliver: 'waiting',
    claim: 'finalizing',
    preliminary: 'preliminary',
    final: 'final',
    acknowledge: 'preliminary',
    recall: 'recalled',
    close: 'closed',
    share: 'preliminary',
    await: 'partial',
  },
  finalizing: {
    arrive: 'finalizing',
    deliver: 'finalizing',
    claim: 'finalizing',
    unclaim: 'preliminary',
    preliminary: 'preliminary',
    final: 'final',
    addendum: 'preliminary',
    acknowledge: 'finalizing',
    recall: 'recalled',
    close: 'closed',
    share: 'finalizing',
    await: 'partial',
  },
  partial: {
    arrive: 'partial',
    deliver: 'waiting',
    addendum: 'partial',
    recall: 'recalled',
    close: 'closed',
    complete: 'final',
    rejoin: 'waiting',
  },
  final: {
    arrive: 'final',
    deliver: 'waiting',
    addendum: 'final',
    close: 'closed',
  },
  closed: {
    arrive: 'closed',
    deliver: 'waiting',
    preliminary: 'closed',
    final: 'closed',
    addendum: 'closed',
  },
  recalled: {},
} as const satisfies Record<CaseState, Row>

/** Undefined if the state does not allow the step. */
export const nextCaseState = (state: CaseState, step: CaseStep): CaseState | undefined => {
  const row: Row = CASE_TABLE[state]
  return row[step]
}

/** States in which a reader holds the claim. */
export const HELD_STATES = ['claimed', 'finalizing'] as const satisfies readonly CaseState[]

/** States in which there is still work for a reader. */
export const OPEN_STATES = [
  'waiting',
  'claimed',
  'preliminary',
  'finalizing',
] as const satisfies readonly CaseState[]
