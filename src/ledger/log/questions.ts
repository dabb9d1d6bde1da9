/**
 * Questions that compliance asks. Each is a condition on the index that can be combined with every
 * other filter.
 */
import { sql } from 'kysely'
import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type { Tables } from '../../state/index.js'
import type { EventType } from './events.js'

const BEGINS: readonly EventType[] = ['transfer.begun', 'download.begun']
const REFUSALS: readonly EventType[] = ['access.refused', 'signin.failed', 'signin.locked']
const KEYS: readonly EventType[] = [
  'certificate.changed',
  'certificate.proposed',
  'row.mismatched',
  'token.issued',
  'token.revoked',
  'recipient.added',
  'recipient.removed',
  'membership.proposed',
  'membership.confirmed',
  'membership.removed',
  'invitation.made',
  'invitation.answered',
  'person.enrolled',
  'person.removed',
]
const READS: readonly EventType[] = ['ledger.read', 'ledger.exported']
const HOLDS: readonly EventType[] = [
  'hold.added',
  'hold.removed',
  'prune.proposed',
  'ledger.pruned',
]
const ESCALATIONS: readonly EventType[] = [
  'clock.approaching',
  'clock.missed',
  'escalation.step',
  'escalation.unreached',
  'notice.failed',
]
const CRITICAL: readonly EventType[] = [
  'critical.raised',
  'critical.read',
  'critical.readback',
  'critical.compared',
  'critical.phoned',
  'critical.missed',
]
const TAKEOVERS: readonly EventType[] = [
  'claim.overridden',
  'claim.taken-over',
  'claim.reassigned',
  'claim.unproven',
  'handover.accepted',
]

/** Whoever reads these sees patients identified: see 45 CFR 164.514(c). */
const IDENTITIES: readonly EventType[] = ['crosswalk.read', 'quarantine.read']
/** Whether the log and its copies can be relied on. */
const HEALTH: readonly EventType[] = [
  'gateway.started',
  'gateway.stopped',
  'row.mismatched',
  'ledger.restored',
  'ledger.pruned',
  'witness.lost',
  'witness.regained',
  'witness.disagreed',
  'sink.lost',
  'sink.regained',
  'backup.made',
  'drill.run',
]

export const QUESTIONS = {
  unended: { about: 'begun, but not ended' },
  unopened: { about: 'available, but not fetched by anybody' },
  unacknowledged: { about: 'fetched, but not acknowledged as opened by anybody' },
  outside: { about: 'downloads outside the duty hours of their group', duty: 'outside' },
  refusals: {
    about: 'requests refused, sign-ins failed, or clients locked out',
    types: REFUSALS,
  },
  keys: { about: 'certificates, tokens and recipients that changed', types: KEYS },
  reads: { about: 'the ledger was read or exported', types: READS },
  holds: { about: 'legal holds added and removed', types: HOLDS },
  escalations: {
    about: 'targets approaching or missed, escalations, and notices that failed',
    types: ESCALATIONS,
  },
  critical: {
    about: 'critical results: raised, fetched, read back, compared, phoned, missed',
    types: CRITICAL,
  },
  takeovers: {
    about:
      'claims taken with a reason or after expiry, reassigned, tried without the key, or handed over',
    types: TAKEOVERS,
  },
  identities: {
    about: 'crosswalks and quarantined originals read: patients identified again',
    types: IDENTITIES,
  },
  health: {
    about:
      'the log itself: witnesses and sinks lost, rows that disagree, restores, backups, drills',
    types: HEALTH,
  },
  due: { about: 'events that call for a review and have not been reviewed' },
} as const satisfies Readonly<Record<string, Asked>>

interface Asked {
  readonly about: string
  /** Of the events that answer it; exports can answer such a question. */
  readonly types?: readonly EventType[]
  /** Of the events that answer it, in place of their types. */
  readonly duty?: 'outside'
}

export type Question = keyof typeof QUESTIONS

const isQuestion = (name: string): name is Question => Object.hasOwn(QUESTIONS, name)

/**
 * The filters that answer a question in an export; none for one that filters cannot answer.
 * Undefined for what is no question.
 */
export function filtersFor(name: string): Pick<Asked, 'types' | 'duty'> | undefined {
  if (!isQuestion(name)) return undefined
  const { types, duty }: Asked = QUESTIONS[name]
  return { ...(types && { types }), ...(duty && { duty }) }
}

/**
 * Included in a review in addition to failures and downloads outside duty hours: what grants, moves
 * or hides access, and exports of data.
 */
const TO_REVIEW: readonly EventType[] = [
  ...REFUSALS,
  ...KEYS,
  'config.changed',
  'item.quarantined',
  'ledger.exported',
  'ledger.restored',
  'transfer.dumped',
  'witness.disagreed',
]

/** Outcomes from this value on (serious and major failure) need somebody's attention. */
const SERIOUS = 8

type Builder = ExpressionBuilder<Tables, 'events'>
type Condition = ExpressionWrapper<Tables, 'events', SqlBool>

/**
 * Returns the condition for a question. Later events (an end, a first download) count only below
 * `end`, so that pages stay consistent.
 *
 * @param reviewed the index up to which the last review before `end` went
 */
export function answers(
  question: Question,
  end: number,
  reviewed: number,
): (e: Builder) => Condition {
  const isOneOf = (e: Builder, types: readonly EventType[]) => e('type', 'in', types)
  switch (question) {
    case 'unended':
      return (e) =>
        e.and([
          isOneOf(e, BEGINS),
          e.not(
            e.exists(
              e
                .selectFrom('events as later')
                .select(sql<number>`1`.as('one'))
                .where('later.related', 'in', [e.ref('events.event_id'), e.ref('events.related')])
                .whereRef('later.idx', '>', 'events.idx')
                .where('later.idx', '<', end),
            ),
          ),
        ])
    case 'unopened':
      return (e) =>
        e.and([e('type', '=', 'transfer.available'), e.not(isFollowed(e, 'download.begun', end))])
    case 'unacknowledged':
      return (e) =>
        e.and([
          e('type', '=', 'transfer.available'),
          isFollowed(e, 'download.begun', end),
          e.not(isFollowed(e, 'transfer.acknowledged', end)),
        ])
    case 'outside':
      return (e) => e.and([e('duty', '=', 'outside')])
    case 'refusals':
    case 'keys':
    case 'reads':
    case 'holds':
    case 'escalations':
    case 'critical':
    case 'takeovers':
    case 'identities':
    case 'health':
      return (e) => e.and([isOneOf(e, QUESTIONS[question].types)])
    case 'due':
      return (e) =>
        e.and([
          e.or([e('outcome', '>=', SERIOUS), e('duty', '=', 'outside'), isOneOf(e, TO_REVIEW)]),
          e('idx', '>=', reviewed),
        ])
  }
}

/** Whether the transfer of an event has one of this type before `end`. */
const isFollowed = (e: Builder, type: EventType, end: number): Condition =>
  e.exists(
    e
      .selectFrom('events as later')
      .select(sql<number>`1`.as('one'))
      .whereRef('later.transfer', '=', 'events.transfer')
      .where('later.type', '=', type)
      .where('later.idx', '<', end),
  )

/**
 * Events that touch a patient: those that name one of the handles, and those that name no patient
 * but belong to a transfer with an item of this patient, such as its begin event or the claim of a
 * transfer with several patients.
 */
export const touches =
  (handles: readonly string[]) =>
  (e: Builder): Condition =>
    e.or([
      e('patient', 'in', handles),
      e.and([
        // `is null` is avoided, because with it the database would pick the slower index over all
        // events that name no patient.
        e(e.fn.coalesce('patient', sql<string>`''`), '=', ''),
        e(
          'transfer',
          'in',
          e
            .selectFrom('events as named')
            .select('named.transfer')
            .distinct()
            .where('named.patient', 'in', handles)
            .where('named.transfer', 'is not', null),
        ),
      ]),
    ])
