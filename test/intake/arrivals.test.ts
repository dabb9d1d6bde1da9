/** Studies that arrive instance by instance, with real rooms and a clock that the test moves. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Arrivals } from '../../src/arrivals.js'
import type { Route } from '../../src/arrivals.js'
import { NocturneError } from '../../src/lib/errors.js'
import { createLogger } from '../../src/lib/logger.js'
import { file } from '../deidentify/_build.js'
import { SENDER, openTransferSite, part } from '../transfer/_site.js'
import type { OpenedSite } from '../transfer/_site.js'

const QUIET = 30_000
let site: OpenedSite
beforeAll(async () => {
  site = await openTransferSite()
})
afterAll(() => site.close())

const sender = { actor: SENDER, facility: 'facility-a' }
const slice = (study: string, at: number): Buffer =>
  file([
    [0x0020000d, 'UI', study],
    [0x00080018, 'UI', `${study}.${at}`],
  ])

/** Arrivals whose rule may change its mind, as one that looks at the time does. */
function opened() {
  const state = {
    now: 0,
    route: { group: 'nights', priority: 'stat' } as Route,
    /** How often it was asked whether the sender may send, and whether it may. */
    asked: 0,
    isAllowed: true,
  }
  const arrivals = new Arrivals(
    {
      beginGathering: (_target, study) => site.gather(study),
      expectAllowed: () => {
        state.asked += 1
        return state.isAllowed
          ? Promise.resolve()
          : Promise.reject(new NocturneError('unauthenticated'))
      },
      transfers: site.transfers,
      facilityKeys: site.facilityKeys,
      logger: createLogger('silent'),
    },
    {
      route: () => state.route,
      completeness: () => ({ quietMs: QUIET, capMs: 3_600_000 }),
      clock: () => state.now,
    },
  )
  const take = async (study: string, at: number) =>
    (await arrivals.take(sender, part(slice(study, at), 'application/dicom'))).transfer
  const isClosed = async (transfer: string) => {
    await arrivals.closeDue()
    return (await site.find(transfer)).state === 'available'
  }
  return { arrivals, state, take, isClosed }
}

describe('a study that arrives', () => {
  it('is completed when its announced instances are there, each counted once', async () => {
    const { arrivals, state, take, isClosed } = opened()
    arrivals.announce('facility-a', '1.2.77', 2)
    const transfer = await take('1.2.77', 1)
    await take('1.2.77', 1)
    state.now = 10_000
    expect(await isClosed(transfer)).toBe(false)
    await take('1.2.77', 2)
    state.now = 11_000
    expect(await isClosed(transfer)).toBe(false)
    state.now = 12_000
    expect(await isClosed(transfer)).toBe(true)
    // A late instance belongs to no announcement: the quiet time applies.
    const late = await take('1.2.77', 3)
    state.now += QUIET - 1
    expect(await isClosed(late)).toBe(false)
    state.now += 1
    expect(await isClosed(late)).toBe(true)
  })

  it('waits for the quiet time while announced instances are missing, or a step is open', async () => {
    const { arrivals, state, take, isClosed } = opened()
    const transfer = await take('1.2.78', 1)
    arrivals.announce('facility-a', '1.2.78', 2)
    state.now = 20_000
    expect(await isClosed(transfer)).toBe(false)
    arrivals.announce('facility-a', '1.2.78', undefined)
    await take('1.2.78', 2)
    state.now = 40_000
    expect(await isClosed(transfer)).toBe(false)
    state.now = 20_000 + QUIET
    expect(await isClosed(transfer)).toBe(true)
  })

  it('stays in one transfer when a rule changes its mind while the study is open', async () => {
    const { state, take } = opened()
    const first = await take('1.2.79', 1)
    state.route = { group: 'other', priority: 'routine' }
    expect(await take('1.2.79', 2)).toBe(first)
  })

  it('is refused half a second after its sender was cut off, at the latest', async () => {
    const { state, take } = opened()
    await take('1.2.81', 1)
    await take('1.2.81', 2)
    expect(state.asked).toBe(1)
    state.isAllowed = false
    state.now = 500
    await expect(take('1.2.81', 3)).rejects.toMatchObject({ code: 'unauthenticated' })
    // A refusal is never kept.
    state.isAllowed = true
    await take('1.2.81', 3)
    expect(state.asked).toBe(3)
  })
})
