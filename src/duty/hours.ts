/** Who is on duty when: a group's weekly hours and dates, in its local time. */
import { createHash } from 'node:crypto'
import type { DutyHours, GroupConfig } from '../config/index.js'
import { canonicalJson } from '../lib/json.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * What the ledger records about a moment: whether it was within duty hours, and of which schedule
 * (by digest).
 */
export interface DutyMark {
  readonly duty: 'inside' | 'outside'
  readonly schedule: string
}

/** Undefined for a group without a schedule; then nothing is recorded. */
export function dutyAt(group: GroupConfig | undefined, at: number): DutyMark | undefined {
  if (!group?.duty) return undefined
  return {
    duty: isOnDuty(group.duty, group.timezone, at) ? 'inside' : 'outside',
    schedule: scheduleDigest(group),
  }
}

/**
 * Changes with the hours, the dates and the time zone. 16 hexadecimal digits of SHA-256; empty
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

/** A stretch of duty, in milliseconds since 1970; `until` is exclusive. */
export interface Stretch {
  readonly from: number
  readonly until: number
}

/**
 * Whether `at` (milliseconds since 1970) is within a span. A span belongs to the day on which it
 * begins, lasts at most 24 hours by the wall clock, and begins and ends when the wall clock shows
 * its times. If a time occurs twice, when summer time ends, the span begins with the first
 * occurrence and ends with the second. A time that is skipped stands for the moment of the change.
 */
export const isOnDuty = (duty: DutyHours, timezone: string, at: number): boolean =>
  // A clock set back across midnight shows yesterday again, so neighbouring days count too.
  stretchesOf(duty, timezone, at, 1).some(({ from, until }) => from <= at && at < until)

/** Beyond this, hours that touch no longer count as one stretch. */
const LONGEST_DAYS = 14

/** When the stretch around `at` ends, together with those that follow without a gap, if any. */
export function endOfHours(hours: DutyHours, timezone: string, at: number): number | undefined {
  const all = stretchesOf(hours, timezone, at, LONGEST_DAYS)
  const endAround = (moment: number): number =>
    Math.max(...all.map(({ from, until }) => (from <= moment ? until : -Infinity)), moment)
  let end = at
  for (let next = endAround(at); next > end; next = endAround(end)) end = next
  return end > at ? end : undefined
}

/** Every stretch that begins between two days before `at` and `days` days after it. */
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

/** @param day days since 1970-01-01, in local time. */
function spansOf({ weekly, dates }: DutyHours, day: number): DutyHours['dates'][number]['spans'] {
  const midnight = new Date(day * DAY_MS)
  const named = dates.find(({ date }) => midnight.toISOString().startsWith(date))
  if (named) return named.spans
  return weekly.flatMap(({ days, spans }) => (days.includes(midnight.getUTCDay()) ? spans : []))
}

/** The moment at which the local clock shows `wall` (its reading, taken as UTC). */
function instantOf(timezone: string, wall: number, which: 'first' | 'last'): number {
  const [before, after] = [wall - DAY_MS, wall + DAY_MS]
  const [earlier, later] = [offsetAt(timezone, before), offsetAt(timezone, after)]
  const shown = [wall - earlier, wall - later].filter((at) => at + offsetAt(timezone, at) === wall)
  if (shown.length > 0) return which === 'first' ? Math.min(...shown) : Math.max(...shown)
  // The clock skipped this time: find the moment of the change, from which the later offset
  // applies.
  let [low, high] = [before, after]
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000
    if (offsetAt(timezone, middle) === later) high = middle
    else low = middle
  }
  return high
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Since 1972, clocks have been changed only at whole quarters of an hour of UTC. */
const QUARTER_MS = 15 * MINUTE_MS
const MOST_KNOWN = 20_000
const known = new Map<string, number>()

/**
 * How far local time is ahead of UTC, in milliseconds. A roster asks for the same offsets again and
 * again, and each answer takes as long as a query.
 */
function offsetAt(timezone: string, at: number): number {
  const quarter = Math.floor(at / QUARTER_MS) * QUARTER_MS
  const key = `${timezone} ${quarter}`
  const before = known.get(key)
  if (before !== undefined) return before
  if (known.size >= MOST_KNOWN) known.clear()
  const offset = offsetOf(timezone, quarter)
  known.set(key, offset)
  return offset
}

function offsetOf(timezone: string, at: number): number {
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
