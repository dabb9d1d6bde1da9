/** Quiet hours of people with a roster and a real table of swaps. */
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { parseWeekly } from '../../src/config/duty.js'
import { recordSwap } from '../../src/duty/index.js'
import { quietUntil } from '../../src/gateway/quiet.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

let site: TestSite
beforeEach(async () => {
  site = await openTestSite()
})
afterEach(() => site.close())

const hours = (weekly: string) => ({ weekly: [parseWeekly(weekly)!], dates: [] })
const person = (id: string, timezone?: string) => ({
  ...{ id, role: 'reader' as const, certificate: '' },
  ...(timezone !== undefined && {
    contact: { quiet: { timezone, ...hours('daily 22:00-07:00') } },
  }),
})
const config = {
  people: [
    person('anna', 'Europe/Berlin'),
    person('ben', 'Europe/Berlin'),
    person('cara', 'America/New_York'),
    person('dan'),
  ],
  groups: [
    {
      ...{ id: 'nights', timezone: 'Europe/Berlin', readers: ['anna', 'ben', 'cara', 'dan'] },
      duty: {
        ...hours('daily 18:00-08:00'),
        roster: [
          { reader: 'anna', ...hours('daily 18:00-02:00') },
          { backup: 'dan', ...hours('daily 18:00-02:00') },
        ],
      },
    },
  ],
}
const until = (id: string, at: string) =>
  site.state.transaction((tx) => quietUntil(config, tx, id, Date.parse(at)))

it('have those who set them, by their own clock, unless they are on duty', async () => {
  const midnight = '2026-11-30T23:00:00Z'
  expect(await until('anna', midnight)).toBeUndefined()
  expect(await until('anna', '2026-12-01T03:00:00Z')).toBe(Date.parse('2026-12-01T06:00:00Z'))
  expect(await until('ben', midnight)).toBe(Date.parse('2026-12-01T06:00:00Z'))
  expect(await until('cara', midnight)).toBeUndefined()
  expect(await until('cara', '2026-12-01T06:00:00Z')).toBe(Date.parse('2026-12-01T12:00:00Z'))
  expect(await until('dan', midnight)).toBeUndefined()
})

it('move with a swap', async () => {
  const starts = site.clock.now()
  const swap = { group: 'nights', giver: 'anna', taker: 'ben', starts, ends: starts + 86_400_000 }
  const reads = () => true
  await recordSwap(
    { ledger: site.ledger, reads, now: site.clock.now },
    { id: 'anna', role: 'reader' },
    swap,
  )
  // The next time at which it is midnight in Berlin: 23:00 UTC in winter, 22:00 in summer.
  const night = new Date(Math.ceil((starts - 81_000_000) / 86_400_000) * 86_400_000 + 81_000_000)
  expect(await until('ben', night.toISOString())).toBeUndefined()
  expect(await until('anna', night.toISOString())).toBeDefined()
})
