import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseDutyDate, parseWeekly } from '../../src/config/duty.js'
import { onDuty, recordSwap, shiftsFrom, swapsOf } from '../../src/duty/index.js'
import type { Roster, RosterEntry } from '../../src/duty/index.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const entry = (
  person: string,
  weekly: string,
  { as = 'reader', dates = [] }: { as?: RosterEntry['as']; dates?: readonly string[] } = {},
): RosterEntry => ({
  person,
  as,
  hours: { weekly: [parseWeekly(weekly)!], dates: dates.map((one) => parseDutyDate(one)!) },
})

const roster: Roster = {
  timezone: 'Europe/Berlin',
  entries: [
    entry('anna', 'daily 18:00-02:00'),
    entry('ben', 'daily 02:00-08:00', { dates: ['2026-12-25 off'] }),
    entry('cara', 'daily 18:00-08:00', { as: 'backup' }),
  ],
  swaps: [],
}
const at = (text: string): number => Date.parse(text)

describe('the roster', () => {
  it('names readers and backups at night, and nobody by day', () => {
    expect(onDuty(roster, at('2026-11-30T18:00:00+01:00'))).toEqual({
      readers: ['anna'],
      backups: ['cara'],
    })
    expect(onDuty(roster, at('2026-11-30T12:00:00+01:00'))).toEqual({ readers: [], backups: [] })
    expect(onDuty(roster, at('2026-12-25T03:00:00+01:00')).readers).toEqual([])
  })

  // On 2026-10-25 the hour from two to three occurs twice; on 2026-03-29 it is skipped.
  it.each([
    ['in the first of the two hours', '2026-10-25T02:30:00+02:00', ['anna', 'ben']],
    ['in the second', '2026-10-25T02:30:00+01:00', ['ben']],
    ['before the change to summer time', '2026-03-29T01:59:59+01:00', ['anna']],
    ['after it', '2026-03-29T03:00:00+02:00', ['ben']],
  ])('as clocks change: %s', (_, moment, readers) => {
    expect(onDuty(roster, at(moment)).readers).toEqual(readers)
  })

  it('has no gap from evening to morning in either night', () => {
    for (const day of ['2026-10-24', '2026-03-28']) {
      const from = at(`${day}T18:00:00+01:00`)
      for (const shift of shiftsFrom(roster, from + 3_600_000, 0.4))
        expect(shift.readers).not.toEqual([])
    }
  })

  it('is divided into shifts that agree with it at every moment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z') }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, share) => {
          const shifts = shiftsFrom(roster, from, 3)
          const moment = Math.floor(from + share * (3 * 86_400_000 - 1))
          const shift = shifts.find((one) => one.from <= moment && moment < one.until)
          expect(shift).toMatchObject(onDuty(roster, moment))
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('swaps', () => {
  let site: TestSite
  beforeEach(async () => {
    site = await openTestSite()
  })
  afterEach(() => site.close())

  it('apply for their time, one after another, and are recorded as events', async () => {
    const now = site.clock.now()
    const parts = { ledger: site.ledger, reads: () => true, now: site.clock.now }
    const actor = { id: 'anna', role: 'reader' } as const
    const common = { group: 'nights', starts: now, ends: now + 3_600_000 }
    await recordSwap(parts, actor, { ...common, giver: 'anna', taker: 'ben' })
    site.clock.pass(1)
    await recordSwap(parts, actor, { ...common, giver: 'ben', taker: 'cara' })
    const always = entry('anna', 'daily 00:00-24:00')
    const swaps = await swapsOf(site.state.db, 'nights', now)
    const swapped = { timezone: 'UTC', entries: [always], swaps }
    expect(onDuty(swapped, now).readers).toEqual(['cara'])
    expect(onDuty(swapped, now + 3_600_000).readers).toEqual(['anna'])
    expect((await site.events()).map(({ type }) => type)).toEqual(['duty.swapped', 'duty.swapped'])
  })

  it('are refused for non-members, for the past and for an empty period', async () => {
    const now = site.clock.now()
    const swap = { group: 'nights', giver: 'anna', taker: 'ben', starts: now, ends: now + 1 }
    const actor = { id: 'anna', role: 'reader' } as const
    const parts = { ledger: site.ledger, reads: () => true, now: site.clock.now }
    const strangers = { ...parts, reads: (person: string) => person === 'anna' }
    await expect(recordSwap(strangers, actor, swap)).rejects.toMatchObject({ code: 'not_a_reader' })
    for (const wrong of [{ ends: now }, { starts: now - 2, ends: now - 1 }, { taker: 'anna' }])
      await expect(recordSwap(parts, actor, { ...swap, ...wrong })).rejects.toMatchObject({
        code: 'swap_invalid',
      })
  })
})
