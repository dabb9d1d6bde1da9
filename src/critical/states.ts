/** What can happen to a critical result in which state, as one table. */
import type { CriticalState } from '../state/night/index.js'

export const CRITICAL_STEPS = [
  /** Read back in other words: a reader has to compare. */
  'read-back',
  /** Read back in the same words. */
  'words',
  /** A reader compared, and the meaning is the same. */
  'agree',
  'differ',
  /** A phone call with read-back. */
  'phone',
] as const

export type CriticalStep = (typeof CRITICAL_STEPS)[number]

type Row = Partial<Record<CriticalStep, CriticalState>>

export const CRITICAL_TABLE = {
  raised: { 'read-back': 'comparing', words: 'closed', phone: 'closed' },
  comparing: {
    'read-back': 'comparing',
    words: 'closed',
    agree: 'closed',
    differ: 'raised',
    phone: 'closed',
  },
  closed: {},
} as const satisfies Record<CriticalState, Row>

/** The states of results that still wait for somebody, for queries that find them by an index. */
export const OPEN_CRITICAL_STATES = [
  'raised',
  'comparing',
] as const satisfies readonly CriticalState[]

/** Undefined if the state does not allow the step. */
export const nextCriticalState = (
  state: CriticalState,
  step: CriticalStep,
): CriticalState | undefined => {
  const row: Row = CRITICAL_TABLE[state]
  return row[step]
}
