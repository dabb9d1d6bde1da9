/** Incidents from the register, each with the notification deadlines that it started. Pure. */
import { dateMs, dayOf } from './check.js'
import { notEnded, textOf } from './in-force.js'
import type { IncidentSummary, RegisterEntry } from './kinds.js'

const DAY_MS = 86_400_000
/**
 * 164.404(b), 164.406(b) and 164.410(b): within 60 calendar days of discovery. An incident is
 * presumed to be a breach (164.402(2)), so the deadlines run until something else is decided.
 */
const DEADLINE_MS = 60 * DAY_MS
/** 164.412(b): an oral statement delays a notification by at most this. */
const ORAL_DELAY_MS = 30 * DAY_MS

type Fields = Pick<RegisterEntry, 'data'>

export interface Deadline {
  readonly cite: string
  readonly what: string
  /** When it is asked for; absent if always. */
  readonly when?: string
  /** Milliseconds since 1970: the beginning of the last day. */
  readonly dueAt: number
  readonly state: 'running' | 'overdue' | 'done' | 'not-needed'
}

export const incidentsOf = (
  entries: readonly RegisterEntry[],
  at: number,
): readonly IncidentSummary[] =>
  notEnded(entries, at).map((entry) => {
    const [decided, notified] = [textOf(entry, 'decided'), textOf(entry, 'notified')]
    // An incident decided to be a breach is closed only once the individuals have been notified.
    const done = textOf(entry, 'decision') === 'breach' ? notified : decided
    return {
      id: entry.subject,
      discoveredAt: dateMs(textOf(entry, 'discovered')),
      state: decided === '' ? 'open' : 'decided',
      dueAt: individualsDue(entry),
      decidedAt: done === '' ? undefined : dateMs(done),
    }
  })

/** 164.412: a law-enforcement official may ask for a delay. */
function delayOf(entry: Fields): number {
  const until = textOf(entry, 'delayedUntil')
  if (until === '') return 0
  const stated = textOf(entry, 'delayedOn')
  if (textOf(entry, 'delayKind') !== 'oral') return dateMs(until)
  // An oral statement without a date delays nothing.
  return stated === '' ? 0 : Math.min(dateMs(until), dateMs(stated) + ORAL_DELAY_MS)
}

const individualsDue = (entry: Fields): number =>
  Math.max(dateMs(textOf(entry, 'discovered')) + DEADLINE_MS, delayOf(entry))

/** From this number of individuals on, the Secretary is notified with them (164.408(b)). */
const MANY = 500

/** What has to be notified to whom, and by when. */
export function deadlinesOf(entry: Fields, at: number): readonly Deadline[] {
  const discovered = dateMs(textOf(entry, 'discovered'))
  const isBreach = ['', 'breach'].includes(textOf(entry, 'decision'))
  const today = dateMs(dayOf(at))
  const stateOf = (dueAt: number, done: string): Deadline['state'] =>
    done !== '' ? 'done' : !isBreach ? 'not-needed' : dueAt < today ? 'overdue' : 'running'
  const due = individualsDue(entry)
  const yearEnd = Date.UTC(new Date(discovered).getUTCFullYear() + 1, 0, 0)
  const count = Number(textOf(entry, 'individuals') || 'NaN')
  const secretaryDue = count < MANY ? Math.max(yearEnd + DEADLINE_MS, delayOf(entry)) : due
  const [notified, reported] = [textOf(entry, 'notified'), textOf(entry, 'reported')]
  return [
    {
      ...{ cite: '164.410', what: 'a business associate notifies the covered entity' },
      ...{ dueAt: due, state: stateOf(due, notified) },
    },
    {
      ...{ cite: '164.404', what: 'each individual is notified' },
      ...{ dueAt: due, state: stateOf(due, notified) },
    },
    {
      ...{ cite: '164.406', what: 'prominent media are notified' },
      when: 'more than 500 residents of one State or jurisdiction are concerned',
      ...{ dueAt: due, state: stateOf(due, notified) },
    },
    {
      ...{ cite: '164.408', what: 'the Secretary is notified' },
      when:
        count < MANY
          ? 'fewer than 500 individuals: within 60 days after the end of the year of discovery'
          : '500 or more individuals, or their number is not recorded yet: with the individuals',
      ...{ dueAt: secretaryDue, state: stateOf(secretaryDue, reported) },
    },
  ]
}
