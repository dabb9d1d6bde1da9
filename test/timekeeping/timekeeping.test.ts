/**
 * A clock that was set, lost or never right, on a site with closed cases: what is removed, and
 * when. The clock and the steady clock are the test's; restarts open the room again.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createAlerts } from '../../src/alerts/index.js'
import { openRetention } from '../../src/gateway/retention.js'
import type { RetentionRooms } from '../../src/gateway/retention.js'
import { openTimekeeping } from '../../src/gateway/timekeeping.js'
import { SITE, SYSTEM } from '../../src/lib/actors.js'
import { clockProblem, createTimekeeping } from '../../src/timekeeping/index.js'
import type { Timekeeping } from '../../src/timekeeping/index.js'
import { doubtOf } from '../../src/timekeeping/doubt.js'
import { openTransferSite, pdf, send } from '../transfer/_site.js'
import type { OpenedSite } from '../transfer/_site.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const YEAR = 366 * DAY
const OFFICER = { id: 'officer-1', role: 'officer' } as const

let site: OpenedSite
let serial = 0
/** How far the wall clock is from the steady one. */
let offset = 0
let ticks = 0
let start = 0
let witnessed: number | undefined
let server: number | undefined

const wall = () => start + ticks + offset
let time: Timekeeping
let room: RetentionRooms

/** As a gateway that starts now. */
function restart(): void {
  const ground = {
    ...site.ground,
    ...{ now: wall, steady: () => ticks, serverTime: () => Promise.resolve(server) },
    site: {
      ...site.ground.site,
      config: { ...site.ground.site.config, retention: { closed: 30 * DAY } },
    },
  }
  time = openTimekeeping(ground, {
    witnessed: () =>
      Promise.resolve(witnessed === undefined ? undefined : { size: 1, at: witnessed }),
  })
  room = openRetention(ground, site, time)
}

/** In rounds of an hour, as the gateway compares its clock all the time. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= HOUR) {
    ticks += Math.min(left, HOUR)
    await time.observe()
  }
}

async function closedCase(): Promise<string> {
  const { id } = await send(site, [pdf(`case ${String(++serial)}`)])
  const row = await site.cases.find(id)
  if (!row) throw new Error('a transfer without a case')
  await site.cases.close(OFFICER, row.id, 'reported-elsewhere')
  await site.ground.state.transaction((tx) =>
    tx.updateTable('cases').set({ closed_at: wall() }).where('id', '=', row.id).execute(),
  )
  return id
}

const reason = async () => (await time.doubt())?.reason

beforeEach(async () => {
  site = await openTransferSite()
  ;[offset, ticks, start, witnessed, server] = [0, 0, site.clock.now(), undefined, undefined]
  restart()
  await time.observe()
})
afterEach(() => site.close())

describe('a clock that is years ahead', () => {
  it('removes nothing at a start, says why, and an operator can confirm it', async () => {
    const id = await closedCase()
    await pass(HOUR)
    offset = 2 * YEAR
    restart()
    expect(await room.retention.run()).toMatchObject({
      ...{ expired: 0, objects: 0 },
      clock: { problem: expect.stringMatching(/ 732 days ahead of the last time on record/) },
    })
    expect(await room.retention.plan()).toMatchObject({
      candidates: [{ stage: 'closed', blockedBy: 'clock' }],
      clock: { hint: expect.stringContaining('--confirm-clock') },
    })
    // The events of this start do not vouch for its clock, nor does another start.
    await site.ground.ledger.note({ type: 'gateway.started', outcome: 0, actor: SYSTEM })
    restart()
    await pass(3 * DAY)
    expect(await room.retention.run()).toMatchObject({ expired: 0 })

    await time.confirm(SITE)
    const events = await site.events()
    expect(events.at(-1)).toMatchObject({ type: 'clock.confirmed', actor: { id: 'site' } })
    expect(await room.retention.run()).toEqual({ expired: 1, objects: 2 })
    expect((await site.find(id)).state).toBe('expired')
  })

  it('removes nothing when it is set while the gateway runs, and raises an alert once', async () => {
    await closedCase()
    const { state, ledger } = site.ground
    const alerts = createAlerts({
      tag: (text) => `tag of ${text}`,
      ...{ state, ledger, system: SYSTEM, now: wall },
      announce: () => Promise.resolve(),
      raised: () => undefined,
    })
    await alerts.follow()
    offset = 2 * YEAR
    for (let round = 0; round < 3; round += 1) {
      await alerts.observe('clock-doubted', (await time.observe()) !== undefined)
      ticks += 5_000
    }
    expect(alerts.counts().get('clock-doubted')).toBe(1)
    expect(await room.retention.run()).toMatchObject({ expired: 0 })
    // Set back, it is trusted again at once, and the case keeps its period.
    offset = 0
    expect(await time.observe()).toBeUndefined()
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
  })
})

describe('a clock that is right', () => {
  it('is trusted after a night, and after as much time as the site was away', async () => {
    ticks += 24 * HOUR
    restart()
    expect(await reason()).toBeUndefined()
    await time.observe()
    offset = 3 * DAY
    restart()
    expect(await time.observe()).toMatchObject({ reason: 'ahead' })
    await pass(DAY)
    expect(await reason()).toBe('ahead')
    await pass(DAY)
    expect(await reason()).toBeUndefined()
  })

  it('is trusted at once when a majority of the witnesses states the same time', async () => {
    offset = 9 * DAY
    restart()
    expect(await reason()).toBe('ahead')
    witnessed = wall() - 60_000
    expect(await reason()).toBeUndefined()
  })

  it('may run for years, and be corrected by minutes', async () => {
    await closedCase()
    ticks += 5 * YEAR
    offset = -5 * 60_000
    expect(await room.retention.run()).toMatchObject({ expired: 1 })
  })
})

describe('a clock that is behind', () => {
  it('does not make cases old that were closed meanwhile', async () => {
    await pass(HOUR)
    offset = -30 * YEAR
    restart()
    expect(await time.observe()).toMatchObject({ reason: 'behind' })
    const id = await closedCase()
    await pass(2 * HOUR)
    // Set right by a time service, in this process or before another start.
    offset = 0
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
    await pass(29 * DAY)
    restart()
    expect(await room.retention.run()).toEqual({ expired: 0, objects: 0 })
    await pass(2 * DAY)
    expect(await room.retention.run()).toMatchObject({ expired: 1 })
    expect((await site.find(id)).state).toBe('expired')
  })
})

describe('a clock at odds with the database server', () => {
  it('is not trusted, whatever an operator says', async () => {
    server = wall() - HOUR
    expect(await time.observe()).toMatchObject({ reason: 'database' })
    await time.confirm(SITE)
    expect(await reason()).toBe('database')
    server = wall() + 2_000
    expect(await reason()).toBeUndefined()
  })
})

describe('the mark', () => {
  it('of a site of an earlier version is its last event', async () => {
    await site.ground.ledger.note({ type: 'gateway.stopped', outcome: 0, actor: SYSTEM })
    await site.ground.state.transaction((tx) => tx.deleteFrom('time_marks').execute())
    offset = 2 * YEAR
    restart()
    expect(await time.observe()).toMatchObject({ reason: 'ahead' })
    restart()
    expect(await reason()).toBe('ahead')
  })

  it('is the present of a site without any event', async () => {
    await site.ground.state.transaction((tx) => tx.deleteFrom('time_marks').execute())
    const none = () => Promise.resolve(undefined)
    const empty = createTimekeeping({
      ...{ state: site.ground.state, ledger: site.ground.ledger, now: wall, steady: () => ticks },
      ...{ lastEventAt: none, witnessedAt: none, serverTime: none },
    })
    expect(await empty.observe()).toBeUndefined()
  })
})

describe('the comparison', () => {
  const days = (most: number) => fc.integer({ min: 0, max: most * 24 }).map((hours) => hours * HOUR)

  it('never trusts a gap that neither running time nor anybody closes', () => {
    fc.assert(
      fc.property(days(4_000), days(4_000), (gap, ran) => {
        const doubt = doubtOf({
          ...{ shown: gap + ran, mark: 0, expected: ran, tried: ran },
          ...{ witnessed: undefined, database: undefined },
        })
        expect(doubt?.reason).toBe(gap > 25 * HOUR + ran ? 'ahead' : undefined)
      }),
    )
  })

  it('says by how much in words', () => {
    const said = (reason: 'ahead' | 'behind' | 'database', ms: number) =>
      clockProblem({ reason, shown: Date.UTC(2030, 0, 1) + ms, other: Date.UTC(2030, 0, 1) })
    expect(said('behind', -11 * 60_000).problem).toContain('11 minutes behind')
    expect(said('ahead', 26 * HOUR).problem).toContain('26 hours ahead')
    expect(said('database', 2 * HOUR)).toMatchObject({
      problem: expect.stringContaining('differs by 2 hours from the clock of the database server'),
      hint: expect.stringContaining('NTP'),
    })
  })
})
