/**
 * Readers claim, renew, release and override at random, while the clock leaps ahead and is set
 * back. Whoever reads only the ledger finds at most one holder of each case at any time, and in the
 * end the same as the database.
 */
import { afterEach, describe, expect, it } from '@jest/globals'
import { NocturneError } from '../../src/lib/errors.js'
import { chance } from '../faults/_load.js'
import { CLAIM_MS, openNight, reader, SYSTEM } from './_night.js'
import type { Night } from './_night.js'

const SEED = Number(process.env.NOCTURNE_TEST_SEED) || 20_261_130
const READERS = Array.from({ length: 20 }, (_, at) => `reader-${String(at + 1)}`)
const ROUNDS = 60
const MINUTE_MS = 60_000

let night: Night
afterEach(() => night.close())

interface Told {
  readonly type: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/** The holder of each case after these events; every change must follow from the one before. */
function replay(events: readonly Told[]): ReadonlyMap<string, string> {
  const holders = new Map<string, string>()
  for (const { type, detail = {} } of events) {
    const [id, holder, from] = [String(detail.case), String(detail.holder), detail.from]
    const before = holders.get(id)
    if (type === 'transfer.claimed') {
      if (detail.how === 'free') expect([id, before]).toEqual([id, undefined])
      // Without `from`, it was free, or the holder's own.
      else expect([from ?? holder, undefined]).toContain(before)
      if (from !== undefined) expect([id, before]).toEqual([id, from])
      holders.set(id, holder)
    }
    if (type === 'transfer.released') {
      expect([id, before]).toEqual([id, holder])
      holders.delete(id)
    }
    if (type === 'case.closed' || type === 'case.recalled') {
      expect([id, detail.holder]).toEqual([id, before])
      holders.delete(id)
    }
  }
  return holders
}

/** What is refused must be refused for a reason that readers know. */
const REFUSALS = new Set(['already_claimed', 'not_claimed', 'case_state', 'not_found'])

async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (!(error instanceof NocturneError) || !REFUSALS.has(error.code)) throw error
    return false
  }
}

describe(`claims by twenty readers (seed ${SEED})`, () => {
  it('have one holder at any time, by the ledger', async () => {
    const random = chance(SEED)
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
    night = await openNight()
    READERS.forEach((one) => night.readers.add(one))
    const cases: string[] = []
    for (let n = 0; n < 6; n++) cases.push(await night.send())
    const counts = { won: 0, refused: 0 }
    const count = async (work: Promise<unknown>) => {
      counts[(await attempt(work)) ? 'won' : 'refused'] += 1
    }

    const leap = (ms: number) => {
      night.clock.pass(Math.floor(ms))
      return Promise.resolve()
    }
    const actions: readonly (() => Promise<unknown>)[] = [
      async () => {
        const id = pick(cases)
        const tries = READERS.map((one) => attempt(night.cases.claim(reader(one), id)))
        const won = (await Promise.all(tries)).filter(Boolean).length
        expect(won).toBeLessThanOrEqual(1)
        counts.won += won
      },
      () => count(night.cases.claim(reader(pick(READERS)), pick(cases))),
      () => count(night.cases.claim(reader(pick(READERS)), pick(cases), 'emergency')),
      () => count(night.cases.reassign(SYSTEM, pick(cases), pick(READERS))),
      // The reading continues, or has just expired.
      () => count(night.cases.renew(reader(pick(READERS)), pick(cases))),
      async () => {
        const id = pick(cases)
        const holder = (await night.cases.find(id))?.claimed_by ?? pick(READERS)
        await count(night.cases.release(reader(holder), id, 'given-back'))
      },
      () => leap(random() * 2 * CLAIM_MS),
      () => leap(random() * -20 * MINUTE_MS),
      () => night.cases.runDue(),
    ]
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: 3 }, () => pick(actions)()))
      if (random() < 0.1) cases.push(await night.send())
    }
    await count(night.cases.close(SYSTEM, pick(cases), 'not-needed'))

    const holders = replay(await night.events())
    for (const id of cases) {
      const row = await night.cases.find(id)
      expect([id, row?.claimed_by ?? undefined]).toEqual([id, holders.get(id)])
    }
    expect(counts.won).toBeGreaterThan(20)
    expect(counts.refused).toBeGreaterThan(5)
  }, 60_000)
})
