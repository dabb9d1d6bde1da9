/**
 * Duty hours: how they are written, and who is on duty when, including at changes of summer time.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseDutyDate, parseWeekly } from '../../src/config/duty.js'
import type { DutyHours, GroupConfig } from '../../src/config/index.js'
import { dutyAt, endOfHours, isOnDuty, scheduleDigest } from '../../src/duty/hours.js'

const hours = (weekly: readonly string[], dates: readonly string[] = []): DutyHours => ({
  weekly: weekly.map((text) => parseWeekly(text)!),
  dates: dates.map((text) => parseDutyDate(text)!),
})

describe('duty hours as written', () => {
  it.each([
    ['mon-fri 18:00-08:00', { days: [1, 2, 3, 4, 5], spans: [{ from: 1_080, until: 1_920 }] }],
    ['sat,sun 00:00-24:00', { days: [0, 6], spans: [{ from: 0, until: 1_440 }] }],
    ['fri-mon 22:15-22:15', { days: [0, 1, 5, 6], spans: [{ from: 1_335, until: 2_775 }] }],
    [
      'daily 00:00-07:00,17:00-24:00',
      {
        days: [0, 1, 2, 3, 4, 5, 6],
        spans: [
          { from: 0, until: 420 },
          { from: 1_020, until: 1_440 },
        ],
      },
    ],
  ])('%s', (text, duty) => expect(parseWeekly(text)).toEqual(duty))

  it.each([
    'mon-fri',
    '18:00-08:00',
    'Mon 18:00-08:00',
    'mon-fri-sun 18:00-08:00',
    'mon 24:00-08:00',
    'mon 18:00-24:30',
    'mon 8:00-9:00',
    'mon 18:00',
    'mon  18:00-08:00',
    'mon off',
    `mon ${Array.from({ length: 25 }, () => '18:00-08:00').join(',')}`,
  ])('%s is not understood', (text) => expect(parseWeekly(text)).toBeUndefined())

  it.each(['2026-02-29 off', '2026-13-01 off', '2026-1-1 off', '2026-12-25', 'off'])(
    '%s is not a date',
    (text) => expect(parseDutyDate(text)).toBeUndefined(),
  )
})

describe('on duty', () => {
  it.each([
    ['the evening begins', 'America/Chicago', '2026-03-04T18:00:00-06:00', true],
    ['just before the evening', 'America/Chicago', '2026-03-04T17:59:59-06:00', false],
    ['over midnight', 'America/Chicago', '2026-03-05T07:59:59-06:00', true],
    ['the morning ends the night', 'America/Chicago', '2026-03-05T08:00:00-06:00', false],
    ['Friday night continues', 'America/Chicago', '2026-03-07T07:00:00-06:00', true],
    ['Saturday has none of its own', 'America/Chicago', '2026-03-07T12:00:00-06:00', false],
    ['after the change to summer time', 'America/Chicago', '2026-03-09T18:00:00-05:00', true],
    ['an hour earlier in summer time', 'America/Chicago', '2026-03-09T17:00:00-05:00', false],
    ['a date with other hours', 'America/Chicago', '2026-12-25T12:00:00-06:00', true],
    ['a date off', 'America/Chicago', '2026-07-03T19:00:00-05:00', false],
    ['the night before a date off', 'America/Chicago', '2026-07-03T07:00:00-05:00', true],
  ])('%s', (_what, zone, at, expected) => {
    const duty = hours(['mon-fri 18:00-08:00'], ['2026-12-25 00:00-24:00', '2026-07-03 off'])
    expect(isOnDuty(duty, zone, Date.parse(at))).toBe(expected)
  })

  it.each([
    // 1 November 2026, 02:00 CDT becomes 01:00 CST: the hour from 01:00 occurs twice.
    [
      'begins with the first of two occurrences',
      'daily 01:30-03:00',
      '2026-11-01T01:15:00-06:00',
      true,
    ],
    [
      'ends with the second of two occurrences',
      'daily 00:30-01:30',
      '2026-11-01T01:15:00-06:00',
      true,
    ],
    ['and not later', 'daily 00:30-01:30', '2026-11-01T01:30:00-06:00', false],
    // 8 March 2026, 02:00 CST becomes 03:00 CDT: the hour from 02:00 is skipped.
    ['begins at the change', 'daily 02:30-04:00', '2026-03-08T03:00:00-05:00', true],
    ['not before the change', 'daily 02:30-04:00', '2026-03-08T01:59:59-06:00', false],
    ['is empty within the skipped hour', 'daily 02:10-02:50', '2026-03-08T03:00:00-05:00', false],
    ['ends at the change', 'daily 01:00-02:30', '2026-03-08T03:00:00-05:00', false],
  ])('a span %s', (_what, weekly, at, expected) => {
    expect(isOnDuty(hours([weekly]), 'America/Chicago', Date.parse(at))).toBe(expected)
  })

  /**
   * An independent formulation of the same rule: the wall clock shows the start now or has shown it
   * before (a clock that was set back has shown more than it shows now), and it shows a time before
   * the end now or will show one later.
   */
  const QUARTER = 900_000
  const zones = [
    'America/Chicago',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Pacific/Apia',
  ]
  const wallOf = (zone: string, at: number) => {
    const text = new Date(at).toLocaleString('sv-SE', { timeZone: zone })
    return Date.parse(`${text.replace(' ', 'T')}Z`)
  }
  const expected = ({ weekly }: DutyHours, zone: string, at: number): boolean => {
    const around = Array.from({ length: 9 }, (_, i) => i * QUARTER)
    const most = Math.max(...around.map((back) => wallOf(zone, at - back)))
    const least = Math.min(...around.map((on) => wallOf(zone, at + on)))
    const days = [-3, -2, -1, 0, 1, 2].map(
      (day) => (Math.floor(most / 86_400_000) + day) * 86_400_000,
    )
    return days.some((day) =>
      weekly.some(
        (one) =>
          one.days.includes(new Date(day).getUTCDay()) &&
          one.spans.some(
            ({ from, until }) => most >= day + from * 60_000 && least < day + until * 60_000,
          ),
      ),
    )
  }
  const quarters = fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15)
  const span = fc
    .tuple(quarters, quarters)
    .map(([from, end]) => ({ from, until: end > from ? end : end + 1_440 }))
  const duty = fc.record({
    weekly: fc.array(
      fc.record({
        days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
        spans: fc.array(span, { minLength: 1, maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    dates: fc.constant([]),
  })
  /** Moments near changes of summer time in these zones, and arbitrary ones. */
  const changes = [
    '2026-03-08',
    '2026-11-01',
    '2026-03-29',
    '2026-10-25',
    '2026-04-05',
    '2018-11-04',
  ]
  const moment = fc
    .tuple(
      fc.oneof(
        fc.constantFrom(...changes).map((date) => Date.parse(date)),
        fc.integer({ min: 0, max: 20_000 }).map((day) => day * 86_400_000 + 946_684_800_000),
      ),
      fc.integer({ min: -96, max: 192 }),
    )
    .map(([day, quarter]) => day + quarter * QUARTER)

  it('lasts from when the clock shows the start until it shows the end, in every zone', () => {
    fc.assert(
      fc.property(duty, fc.constantFrom(...zones), moment, (week, zone, at) => {
        expect(isOnDuty(week, zone, at)).toBe(expected(week, zone, at))
      }),
      { numRuns: 500 },
    )
  })

  it('is always true with the whole day, or with its two halves', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), moment, quarters, (zone, at, cut) => {
        const time = `${String(Math.floor(cut / 60)).padStart(2, '0')}:${String(cut % 60).padStart(2, '0')}`
        expect(isOnDuty(hours(['daily 00:00-24:00']), zone, at)).toBe(true)
        const halves = cut === 0 ? ['daily 00:00-24:00'] : [`daily 00:00-${time},${time}-24:00`]
        expect(isOnDuty(hours(halves), zone, at)).toBe(true)
      }),
    )
  })
})

describe('the mark of a moment', () => {
  const group: GroupConfig = { id: 'nights', timezone: 'Europe/Berlin', readers: ['reader-1'] }
  const duty = hours(['daily 18:00-08:00'])

  it('is absent for a group without hours', () => {
    expect(dutyAt(group, 0)).toBeUndefined()
    expect(dutyAt(undefined, 0)).toBeUndefined()
  })

  it('identifies the schedule by a digest that changes with it', () => {
    const at = Date.parse('2026-03-04T12:00:00Z')
    const schedule = scheduleDigest({ ...group, duty })
    expect(dutyAt({ ...group, duty }, at)).toEqual({ duty: 'outside', schedule })
    expect(schedule).toMatch(/^[0-9a-f]{16}$/)
    expect(scheduleDigest({ ...group, duty, timezone: 'America/Chicago' })).not.toBe(schedule)
    expect(scheduleDigest({ ...group, duty: hours(['daily 18:00-08:15']) })).not.toBe(schedule)
    expect(scheduleDigest({ ...group, duty, readers: ['reader-2'] })).toBe(schedule)
  })
})

describe('the end of hours', () => {
  const NIGHTS = hours(['daily 22:00-24:00', 'daily 00:00-07:00'])
  const end = (all: DutyHours, moment: string) => {
    const found = endOfHours(all, 'Europe/Berlin', Date.parse(moment))
    return found && new Date(found).toISOString()
  }

  it.each([
    ['across midnight, when two touch', '2026-11-30T23:00:00+01:00', '2026-12-01T06:00:00.000Z'],
    ['at their first moment', '2026-11-30T22:00:00+01:00', '2026-12-01T06:00:00.000Z'],
    ['not at their last', '2026-12-01T07:00:00+01:00', undefined],
    ['by day', '2026-11-30T12:00:00+01:00', undefined],
    ['when summer time ends', '2026-10-25T02:30:00+02:00', '2026-10-25T06:00:00.000Z'],
    ['when summer time begins', '2026-03-28T23:00:00+01:00', '2026-03-29T05:00:00.000Z'],
  ])('%s', (_, moment, expected) => expect(end(NIGHTS, moment)).toBe(expected))

  it('is the first moment that is not within them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 * 1_440 }), (minutes) => {
        const at = Date.parse('2026-10-20T00:00:00Z') + minutes * 60_000
        const until = endOfHours(NIGHTS, 'Europe/Berlin', at)
        expect(until !== undefined).toBe(isOnDuty(NIGHTS, 'Europe/Berlin', at))
        if (until === undefined) return
        expect(isOnDuty(NIGHTS, 'Europe/Berlin', until)).toBe(false)
        for (let between = at; between < until; between += 1_800_000)
          expect(isOnDuty(NIGHTS, 'Europe/Berlin', between)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})
