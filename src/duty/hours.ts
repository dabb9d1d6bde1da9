/** Who is on duty when: a group's weekly hours and dates, in the wall-clock time of its place. */
import { createHash } from 'node:crypto'
import type { DutyHours, GroupConfig } from '../config/index.js'
import { canonicalJson } from '../lib/json.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * What the ledger records of a moment: whether it was within the hours, and of which schedule (a
 * digest).
 */
export interface DutyMark {
  readonly duty: 'inside' | 'outside'
  readonly schedule: string
}

/** Undefined for a group without a schedule: nothing is said of it then. */
export function dutyAt(group: GroupConfig | undefined, at: number): DutyMark | undefined {
  if (!group?.duty) return undefined
  return {
    duty: isOnDuty(group.duty, group.timezone, at) ? 'inside' : 'outside',
    schedule: scheduleDigest(group),
  }
}

/**
 * Changes with the hours, the dates and the time zone: 16 hexadecimal digits of SHA-256. Empty
 * without a schedule.
 */
export function scheduleDigest({ duty, timezone }: GroupConfig): string {
  if (!duty) return ''
  const weekly = duty.weekly.map(({ days, spans }) => ({ days: [...days], spans: plain(spans) }))
  const dates = duty.dates.map(({ date, spans }) => ({ date, spans: plain(spans) }))
  const text = canonicalJson({ timezone, weekly, dates })
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

const plain = (spans: DutyHours['dates'][number]['spans']) =>
  spans.map(({ from, until }) => ({ from, until }))

/** A stretch of duty: milliseconds since 1970, the second exclusive. */
export interface Stretch {
  readonly from: number
  readonly until: number
}

/**
 * Whether `at` (milliseconds since 1970) lies in a span. A span belongs to the day on which it
 * begins, lasts no longer than 24 hours by the clock on the wall, and begins and ends when that
 * clock shows its times: where a time comes twice, as summer time ends, it begins with the first
 * and ends with the second; a time that is left out is the moment of the leap.
 */
export const isOnDuty = (duty: DutyHours, timezone: string, at: number): boolean =>
  // A clock set back over midnight shows yesterday again, so the days around count too.
  stretchesOf(duty, timezone, at, 1).some(({ from, until }) => from <= at && at < until)

/** Every stretch that begins from two days before `at` until so many days after it. */
export function stretchesOf(
  duty: DutyHours,
  timezone: string,
  at: number,
  days: number,
): readonly Stretch[] {
  const today = Math.floor((at + offsetAt(timezone, at)) / DAY_MS)
  const stretches: Stretch[] = []
  for (let day = today - 2; day <= today + days; day++)
    for (const { from, until } of spansOf(duty, day))
      stretches.push({
        from: instantOf(timezone, day * DAY_MS + from * MINUTE_MS, 'first'),
        until: instantOf(timezone, day * DAY_MS + until * MINUTE_MS, 'last'),
      })
  return stretches
}

/** @param day - since 1970-01-01, by the calendar of the place. */
function spansOf({ weekly, dates }: DutyHours, day: number): DutyHours['dates'][number]['spans'] {
  const midnight = new Date(day * DAY_MS)
  const named = dates.find(({ date }) => midnight.toISOString().startsWith(date))
  if (named) return named.spans
  return weekly.flatMap(({ days, spans }) => (days.includes(midnight.getUTCDay()) ? spans : []))
}

/** The moment at which the clock of the place shows `wall` (its reading, as if it were UTC). */
function instantOf(timezone: string, wall: number, which: 'first' | 'last'): number {
  const [before, after] = [wall - DAY_MS, wall + DAY_MS]
  const [earlier, later] = [offsetAt(timezone, before), offsetAt(timezone, after)]
  const shown = [wall - earlier, wall - later].filter((at) => at + offsetAt(timezone, at) === wall)
  if (shown.length > 0) return which === 'first' ? Math.min(...shown) : Math.max(...shown)
  // The clock leapt over it: find the moment of the leap, from where on it shows the later offset.
  let [low, high] = [before, after]
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000
    if (offsetAt(timezone, middle) === later) high = middle
    else low = middle
  }
  return high
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** What the clock of the place is ahead of UTC, in milliseconds. */
function offsetAt(timezone: string, at: number): number {
  let clock = clocks.get(timezone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    clocks.set(timezone, clock)
  }
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const shown = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second'),
  )
  return shown - Math.floor(at / 1_000) * 1_000
}
