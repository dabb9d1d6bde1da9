/**
 * The state machine of an association as data: PS3.8 Table 9-10, with the next states from Tables
 * 9-6 to 9-9. A missing cell cannot occur. `test/doors/states.txt` lists all 247 cells.
 */
export const STATES = [
  'Sta1', // idle
  'Sta2', // transport open, awaiting A-ASSOCIATE-RQ
  'Sta3', // awaiting our own decision about it
  'Sta4', // awaiting the transport connection
  'Sta5', // awaiting A-ASSOCIATE-AC or -RJ
  'Sta6', // established
  'Sta7', // awaiting A-RELEASE-RP
  'Sta8', // awaiting our own answer to a release
  'Sta9', // release collision, requestor, awaiting our own answer
  'Sta10', // release collision, acceptor, awaiting A-RELEASE-RP
  'Sta11', // release collision, requestor, awaiting A-RELEASE-RP
  'Sta12', // release collision, acceptor, awaiting our own answer
  'Sta13', // awaiting the end of the transport connection
] as const
export type State = (typeof STATES)[number]

/** By event number in Table 9-10. */
export const EVENTS = {
  Evt1: 'A-ASSOCIATE request',
  Evt2: 'transport connected',
  Evt3: 'A-ASSOCIATE-AC',
  Evt4: 'A-ASSOCIATE-RJ',
  Evt5: 'transport connection came in',
  Evt6: 'A-ASSOCIATE-RQ',
  Evt7: 'we accept',
  Evt8: 'we reject',
  Evt9: 'we send data',
  Evt10: 'P-DATA-TF',
  Evt11: 'we request release',
  Evt12: 'A-RELEASE-RQ',
  Evt13: 'A-RELEASE-RP',
  Evt14: 'we answer a release',
  Evt15: 'we abort',
  Evt16: 'A-ABORT',
  Evt17: 'transport closed',
  Evt18: 'ARTIM expired',
  Evt19: 'invalid PDU',
} as const
export type EventName = keyof typeof EVENTS

export type Action =
  | `AE-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `DT-${1 | 2}`
  | `AR-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `AA-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`

export interface Transition {
  readonly action: Action
  readonly next: State
  /** For AE-6, when the request is rejected; for AR-8, when we are the acceptor. */
  readonly otherwise?: State
}

const NEXT: Readonly<Record<Action, Omit<Transition, 'action'>>> = {
  'AE-1': { next: 'Sta4' },
  'AE-2': { next: 'Sta5' },
  'AE-3': { next: 'Sta6' },
  'AE-4': { next: 'Sta1' },
  'AE-5': { next: 'Sta2' },
  'AE-6': { next: 'Sta3', otherwise: 'Sta13' },
  'AE-7': { next: 'Sta6' },
  'AE-8': { next: 'Sta13' },
  'DT-1': { next: 'Sta6' },
  'DT-2': { next: 'Sta6' },
  'AR-1': { next: 'Sta7' },
  'AR-2': { next: 'Sta8' },
  'AR-3': { next: 'Sta1' },
  'AR-4': { next: 'Sta13' },
  'AR-5': { next: 'Sta1' },
  'AR-6': { next: 'Sta7' },
  'AR-7': { next: 'Sta8' },
  'AR-8': { next: 'Sta9', otherwise: 'Sta10' },
  'AR-9': { next: 'Sta11' },
  'AR-10': { next: 'Sta12' },
  'AA-1': { next: 'Sta13' },
  'AA-2': { next: 'Sta1' },
  'AA-3': { next: 'Sta1' },
  'AA-4': { next: 'Sta1' },
  'AA-5': { next: 'Sta1' },
  'AA-6': { next: 'Sta13' },
  'AA-7': { next: 'Sta13' },
  'AA-8': { next: 'Sta13' },
}

/** States in which an association exists: any PDU may arrive in them. */
const LIVE = ['Sta6', 'Sta7', 'Sta8', 'Sta9', 'Sta10', 'Sta11', 'Sta12'] as const

const at = (states: readonly State[], action: Action) =>
  Object.fromEntries(states.map((state) => [state, action])) as Partial<Record<State, Action>>

/** The actions for an unexpected PDU, wherever the table gives it no other meaning. */
const UNEXPECTED = { Sta2: 'AA-1', ...at(['Sta3', 'Sta5', ...LIVE], 'AA-8') } as const

const TABLE: Readonly<Record<EventName, Partial<Record<State, Action>>>> = {
  Evt1: { Sta1: 'AE-1' },
  Evt2: { Sta4: 'AE-2' },
  Evt3: { ...UNEXPECTED, Sta5: 'AE-3', Sta13: 'AA-6' },
  Evt4: { ...UNEXPECTED, Sta5: 'AE-4', Sta13: 'AA-6' },
  Evt5: { Sta1: 'AE-5' },
  Evt6: { ...UNEXPECTED, Sta2: 'AE-6', Sta13: 'AA-7' },
  Evt7: { Sta3: 'AE-7' },
  Evt8: { Sta3: 'AE-8' },
  Evt9: { Sta6: 'DT-1', Sta8: 'AR-7' },
  Evt10: { ...UNEXPECTED, Sta6: 'DT-2', Sta7: 'AR-6', Sta13: 'AA-6' },
  Evt11: { Sta6: 'AR-1' },
  Evt12: { ...UNEXPECTED, Sta6: 'AR-2', Sta7: 'AR-8', Sta13: 'AA-6' },
  Evt13: { ...UNEXPECTED, Sta7: 'AR-3', Sta10: 'AR-10', Sta11: 'AR-3', Sta13: 'AA-6' },
  Evt14: { Sta8: 'AR-4', Sta9: 'AR-9', Sta12: 'AR-4' },
  Evt15: { Sta3: 'AA-1', Sta4: 'AA-2', Sta5: 'AA-1', ...at(LIVE, 'AA-1') },
  Evt16: { Sta2: 'AA-2', ...at(['Sta3', 'Sta5', ...LIVE], 'AA-3'), Sta13: 'AA-2' },
  Evt17: { Sta2: 'AA-5', ...at(['Sta3', 'Sta4', 'Sta5', ...LIVE], 'AA-4'), Sta13: 'AR-5' },
  Evt18: { Sta2: 'AA-2', Sta13: 'AA-2' },
  Evt19: { ...UNEXPECTED, Sta13: 'AA-7' },
}

/** Undefined for a cell that the table leaves empty. */
export function transition(state: State, event: EventName): Transition | undefined {
  const action = TABLE[event][state]
  return action && { action, ...NEXT[action] }
}
