/** The table of alerts: what raises each, how often at most, and what to do about it. */
import type { EventType, LedgerEntry } from '../ledger/log/index.js'
import { handlesIn } from '../lib/ids.js'

interface Common {
  /** One line for a notification; the same for every alert of the rule. */
  readonly title: string
  /** What to do, in the imperative. */
  readonly next: string
  /** DICOM EventOutcomeIndicator of the alert: sinks send serious ones with a higher severity. */
  readonly outcome: 4 | 8 | 12
  /** The same alert about the same subject is raised once per this time. */
  readonly everyMs: number
}

/** Raised by events of the ledger. */
export interface EventRule extends Common {
  readonly types: readonly EventType[]
  readonly matches?: (entry: LedgerEntry) => boolean
  /** Who or what the alert is about: an ID or a fingerprint from the event, never free text. */
  readonly subject: (entry: LedgerEntry) => string | undefined
  /** Raised only when one subject has this many different things within this time. */
  readonly burst?: {
    readonly count: number
    readonly withinMs: number
    readonly things: (entry: LedgerEntry) => readonly string[]
  }
}

/** Raised by a state that lasts; whoever watches the state reports it. */
export interface StateRule extends Common {
  readonly lastsMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const detailOf = (name: string) => (entry: LedgerEntry) => {
  const value = entry.detail?.[name]
  return typeof value === 'string' ? value : undefined
}
const actorOf = ({ actor }: LedgerEntry) => actor.id
const isFirst = ({ detail }: LedgerEntry) => detail?.from === null || detail?.from === undefined

const NEW_RECIPIENTS = [
  'certificate.changed',
  'recipient.added',
  'membership.proposed',
  'membership.confirmed',
] as const

export const EVENT_RULES = {
  'locked-out': {
    title: 'A client was locked out after too many failed sign-ins',
    next: 'ask the person whether it was they; if not, revoke their tokens',
    ...{ outcome: 8, everyMs: HOUR_MS, types: ['signin.locked'] },
    subject: (entry) => detailOf('principal')(entry) ?? entry.actor.address,
  },
  'certificate-changed': {
    title: 'A certificate was replaced, or a replacement is waiting',
    next: 'call its holder and compare the fingerprints',
    ...{ outcome: 4, everyMs: DAY_MS, types: ['certificate.changed', 'certificate.proposed'] },
    matches: (entry) => entry.type === 'certificate.proposed' || !isFirst(entry),
    subject: (entry) => `${detailOf('principal')(entry) ?? ''} ${detailOf('to')(entry) ?? 'none'}`,
  },
  'new-recipient': {
    title: 'A new recipient: studies can be sealed to another key',
    next: 'check that the person or group was to be added',
    ...{ outcome: 4, everyMs: DAY_MS, types: NEW_RECIPIENTS },
    matches: (entry) => entry.type !== 'certificate.changed' || isFirst(entry),
    subject: (entry) =>
      `${detailOf('principal')(entry) ?? detailOf('recipient')(entry) ?? ''} ${
        detailOf('to')(entry) ?? detailOf('fingerprint')(entry) ?? entry.group ?? ''
      }`,
  },
  'mass-download': {
    title: 'A reader downloads from unusually many transfers',
    next: "ask the reader; if it was not they, revoke the reader's tokens and certificate",
    ...{ outcome: 8, everyMs: DAY_MS, types: ['download.begun'] },
    subject: actorOf,
    burst: { count: 60, withinMs: HOUR_MS, things: ({ transfer = '' }) => [transfer] },
  },
  'off-duty-download': {
    title: 'A reader downloads outside the duty hours of the group',
    next: 'check with the reader that it was expected',
    ...{ outcome: 4, everyMs: 12 * HOUR_MS, types: ['download.begun'] },
    matches: (entry) => detailOf('duty')(entry) === 'outside',
    subject: actorOf,
  },
  'officer-searches': {
    title: 'An officer searches for unusually many patients',
    next: 'ask the officer for the reason of the searches',
    ...{ outcome: 8, everyMs: DAY_MS, types: ['ledger.read', 'ledger.exported'] },
    matches: (entry) => entry.detail?.what === 'patient' || patientsIn(entry).length > 0,
    subject: actorOf,
    burst: {
      ...{ count: 10, withinMs: HOUR_MS },
      things: (entry) => (patientsIn(entry).length > 0 ? patientsIn(entry) : [entry.id]),
    },
  },
  'row-mismatched': {
    title: 'A database row was changed outside the gateway; it is not used',
    next: 'find out who has write access to the database, and run `nocturne check`',
    ...{ outcome: 12, everyMs: DAY_MS, types: ['row.mismatched'] },
    subject: (entry) => `${detailOf('table')(entry) ?? ''} ${detailOf('row')(entry) ?? ''}`,
  },
  'witness-lost': {
    title: 'A witness does not cosign the ledger, or has seen another one',
    next: 'ask the operator of the witness; compare the checkpoints with `nocturne audit verify`',
    ...{ outcome: 8, everyMs: HOUR_MS, types: ['witness.lost', 'witness.disagreed'] },
    subject: detailOf('witness'),
  },
  'sink-lost': {
    title: 'A syslog sink accepts nothing',
    next: 'check the receiver and its certificates',
    ...{ outcome: 8, everyMs: HOUR_MS, types: ['sink.lost'] },
    subject: detailOf('sink'),
  },
  'ledger-restored': {
    title: 'The ledger was restored, or entries were pruned',
    next: 'check that an officer and the operator agreed to it',
    ...{ outcome: 8, everyMs: DAY_MS, types: ['ledger.restored', 'ledger.pruned'] },
    subject: actorOf,
  },
  'study-waits': {
    title: 'A study waits: no rule names a group for it, or a rule holds it for a person',
    next: 'give it to a group: nocturne intake waiting, then nocturne intake assign',
    ...{ outcome: 8, everyMs: 15 * MINUTE_MS, types: ['study.waiting'] },
    subject: ({ facility }) => facility,
  },
  'port-crowded': {
    title: 'Connections to the DICOM port were refused because there were too many',
    next: 'find out what opens them; if all are needed, raise limits.associationsPerAddress',
    ...{ outcome: 8, everyMs: HOUR_MS, types: ['association.refused'] },
    matches: ({ detail }) => detail?.crowd !== undefined,
    subject: ({ facility, actor }) => facility ?? actor.address,
  },
  'gate-exception': {
    title: 'The registers did not permit a transfer, claim or report; it passed for the patient',
    next: 'add what is missing: nocturne register list agreement (training, privilege, device, vendor)',
    ...{ outcome: 4, everyMs: HOUR_MS, types: ['gate.applied'] },
    matches: (entry) => detailOf('verdict')(entry) === 'excepted',
    subject: detailOf('subject'),
  },
  'gate-blocked': {
    title: 'The registers blocked a transfer, a claim or a final report',
    next: 'add what is missing: nocturne register list agreement (training, privilege, device, vendor)',
    ...{ outcome: 8, everyMs: HOUR_MS, types: ['gate.applied'] },
    matches: (entry) => detailOf('verdict')(entry) === 'blocked',
    subject: detailOf('subject'),
  },
} as const satisfies Readonly<Record<string, EventRule>>

export const STATE_RULES = {
  'ledger-unwitnessed': {
    title: 'The ledger has not been cosigned by a majority of its witnesses',
    next: 'check the witnesses; until then only the gateway vouches for its log',
    ...{ outcome: 8, everyMs: DAY_MS, lastsMs: 30 * MINUTE_MS },
  },
  'store-away': {
    title: 'The object store does not answer: studies are refused',
    next: 'check the store; senders retry until it answers',
    ...{ outcome: 12, everyMs: HOUR_MS, lastsMs: 20_000 },
  },
  'database-away': {
    title: 'The database did not answer: every request was refused',
    next: 'check the database, its disk and its connection',
    ...{ outcome: 12, everyMs: HOUR_MS, lastsMs: 20_000 },
  },
  'quota-near': {
    title: 'A facility has sent over 80 % of what it may send within 24 hours',
    next: 'ask the facility whether that is expected; if so, raise limits.dailyBytes',
    ...{ outcome: 8, everyMs: DAY_MS, lastsMs: 0 },
  },
  'client-certificate-expires': {
    title: 'A TLS client certificate that is in use expires within 14 days',
    next: 'get the new one, and list its fingerprint beside the old under clientCertificates',
    ...{ outcome: 4, everyMs: 7 * DAY_MS, lastsMs: 0 },
  },
  'review-overdue': {
    title: 'The review of activity in the ledger is overdue',
    next: 'review what is due: nocturne audit review',
    ...{ outcome: 8, everyMs: DAY_MS, lastsMs: 0 },
  },
  'clock-doubted': {
    title: 'The clock of the gateway is not trusted: nothing is removed under retention',
    next: 'check its time service; if the clock is right, run `nocturne purge --confirm-clock`',
    ...{ outcome: 8, everyMs: DAY_MS, lastsMs: 0 },
  },
  'spool-near': {
    title: 'The edge holds over 80 % of what may wait for its gateway: soon it refuses studies',
    next: 'bring the line to the gateway back, or raise spool.limit in edge.yaml',
    ...{ outcome: 12, everyMs: HOUR_MS, lastsMs: 0 },
  },
  'gateway-away': {
    title: 'The edge has not reached its gateway for ten minutes: sealed studies wait',
    next: 'check the line, then run nocturne edge check; nothing is lost meanwhile',
    ...{ outcome: 8, everyMs: HOUR_MS, lastsMs: 10 * MINUTE_MS },
  },
  'edge-refused': {
    title: 'The gateway refuses what the edge sealed',
    next: 'run nocturne edge status, and follow the hint of the code that it shows',
    ...{ outcome: 12, everyMs: HOUR_MS, lastsMs: 0 },
  },
  'clock-jumped': {
    title: 'The clock of the gateway was set',
    next: 'check its time service; times in the ledger before and after differ by the jump',
    ...{ outcome: 8, everyMs: HOUR_MS, lastsMs: 0 },
  },
} as const satisfies Readonly<Record<string, StateRule>>

export type EventRuleId = keyof typeof EVENT_RULES
export type StateRuleId = keyof typeof STATE_RULES
export type RuleId = EventRuleId | StateRuleId

export const RULES: Readonly<Record<RuleId, EventRule | StateRule>> = {
  ...EVENT_RULES,
  ...STATE_RULES,
}

/**
 * The patients that a recorded search asks for: an ID that the facility uses has become several
 * handles of one, of which the first is recorded as the patient.
 */
const patientsIn = ({ detail, patient }: LedgerEntry): readonly string[] =>
  patient === undefined ? handlesIn(detail?.query) : [patient]
