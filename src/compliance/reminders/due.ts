/** Which dates in the registers people are reminded of, and when. Pure. */
import { dateMs, dayOf } from '../check.js'
import { notEnded, textOf } from '../in-force.js'
import type { Action, IncidentSummary, RegisterEntry, RegisterKind } from '../kinds.js'

/** Days before a date at which people are reminded of it. */
export const STEPS = [60, 30, 14, 7, 1] as const
/** After the date, the reminder is repeated once in this number of days. */
const OVERDUE_EVERY_DAYS = 7
/** Attestations of devices, and evaluations of the site (164.308(a)(8)), are due again yearly. */
const YEAR_DAYS = 365
const DAY_MS = 86_400_000

export type ReminderKind = RegisterKind | 'action' | 'statement' | 'assessment'

export interface Reminder {
  /** Identifies the reminder: it is given once. */
  readonly key: string
  readonly kind: ReminderKind
  /** ID of the entry, action, statement or assessment. */
  readonly id: string
  /** Who or what it is about: an ID. */
  readonly subject: string
  /** `YYYY-MM-DD`: the last day. */
  readonly due: string
  /** The step that was reached; 0 when the day has passed. */
  readonly step: number
}

export interface DatedThings {
  readonly entries: Readonly<Record<RegisterKind, readonly RegisterEntry[]>>
  readonly actions: readonly Action[]
  /** The statements that count: the newest of each row. */
  readonly statements: readonly {
    readonly id: string
    readonly row: string
    readonly until: string
  }[]
  readonly incidents: readonly IncidentSummary[]
  /** The newest assessment under the rule in force. */
  readonly assessment: { readonly id: string; readonly madeAt: number } | undefined
}

type Dated = Omit<Reminder, 'key' | 'step'>

/** The reminders whose step has been reached at `at`, nearest day first. */
export function remindersDue(things: DatedThings, at: number): readonly Reminder[] {
  return datesOf(things, at)
    .flatMap((one) => reminderOf(one, at))
    .sort((a, b) => a.due.localeCompare(b.due) || a.key.localeCompare(b.key))
}

function reminderOf(one: Dated, at: number): readonly Reminder[] {
  const days = Math.round((dateMs(one.due) - dateMs(dayOf(at))) / DAY_MS)
  if (days < 0) {
    const repeat = Math.floor(-days / OVERDUE_EVERY_DAYS)
    return [{ ...one, step: 0, key: `${one.kind}|${one.id}|${one.due}|over ${repeat}` }]
  }
  // Only the nearest step: an entry added ten days before its end needs one reminder, not three.
  const step = STEPS.findLast((limit) => days <= limit)
  return step === undefined
    ? []
    : [{ ...one, step, key: `${one.kind}|${one.id}|${one.due}|${step}` }]
}

function datesOf(
  { entries, actions, statements, incidents, assessment }: DatedThings,
  at: number,
): readonly Dated[] {
  return [
    ...Object.values(entries).flatMap((all) => notEnded(all, at).flatMap(entryDates)),
    ...actions
      .filter(({ doneAt }) => doneAt === undefined)
      .map(({ id, owner, due }): Dated => ({ kind: 'action', id, subject: owner, due })),
    ...statements.map(({ id, row, until }): Dated => ({
      kind: 'statement',
      id,
      subject: row,
      due: until,
    })),
    ...incidents
      .filter(({ decidedAt }) => decidedAt === undefined)
      .map(({ id, dueAt }): Dated => ({ kind: 'incident', id, subject: id, due: dayOf(dueAt) })),
    ...(assessment === undefined
      ? []
      : [
          {
            ...{ kind: 'assessment' as const, id: assessment.id, subject: 'site' },
            due: dayOf(assessment.madeAt + YEAR_DAYS * DAY_MS),
          },
        ]),
  ]
}

/** When it ends and when it is to be reviewed, and the next attestation of a device in use. */
function entryDates(entry: RegisterEntry): readonly Dated[] {
  const { id, kind, subject, until } = entry
  if (kind === 'device') {
    const attested = textOf(entry, 'attested')
    if (attested === '' || textOf(entry, 'state') !== 'in-use') return []
    return [{ kind, id, subject, due: dayOf(dateMs(attested) + YEAR_DAYS * DAY_MS) }]
  }
  const review = kind === 'agreement' ? textOf(entry, 'review') : ''
  const days = [until ?? '', review].filter((day) => day !== '')
  return [...new Set(days)].map((due) => ({ kind, id, subject, due }))
}
