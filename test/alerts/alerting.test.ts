import { describe, expect, it } from '@jest/globals'
import { createLogger } from '../../src/lib/logger.js'
import { createJumpDetector, observeAll } from '../../src/running/alerting.js'
import type { Doubt } from '../../src/timekeeping/index.js'

describe('the clock', () => {
  it('jumps when it is set, in either direction, and not when rounds are late', () => {
    const detect = createJumpDetector({ wall: 0, steady: 0 })
    expect(detect({ wall: 5_000, steady: 5_000 })).toBe(false)
    // A round that was ten minutes late, with a clock corrected by half a second meanwhile.
    expect(detect({ wall: 605_500, steady: 605_000 })).toBe(false)
    expect(detect({ wall: 4_210_500, steady: 610_000 })).toBe(true)
    expect(detect({ wall: 4_215_500, steady: 615_000 })).toBe(false)
    expect(detect({ wall: 620_000, steady: 620_000 })).toBe(true)
  })
})

describe('a round', () => {
  const observed = async ({
    database = true,
    store = true,
    witnessedAt = 0 as number | undefined,
    shares = {} as Readonly<Record<string, number>>,
    doubt = undefined as Doubt | undefined,
    used = [] as readonly { principal: string; validUntil: number }[],
  }) => {
    const seen = new Map<string, boolean>()
    const answer = (isUp: boolean) => (isUp ? Promise.resolve() : Promise.reject(new Error('away')))
    await observeAll(
      {
        alerts: {
          observe: (rule, holds, subject) =>
            Promise.resolve(
              void seen.set(subject === undefined ? rule : `${rule} ${subject}`, holds),
            ),
          follow: () => Promise.resolve(void seen.set('follow', true)),
        },
        state: { ping: () => answer(database) },
        store: { check: () => answer(store) },
        witnessing: {
          witnessed: () =>
            Promise.resolve(witnessedAt === undefined ? undefined : { size: 1, at: witnessedAt }),
        },
        site: { config: { facilities: ['facility-a', 'facility-b'].map((id) => ({ id })) } },
        clientCertificates: { used: () => Promise.resolve(used) },
        timekeeping: { observe: () => Promise.resolve(doubt) },
        transfers: { usedShares: () => Promise.resolve(new Map(Object.entries(shares))) },
        ...{ hasWitnesses: true, logger: createLogger('silent'), now: () => 31 * 60_000 },
      },
      false,
    )
    return Object.fromEntries(seen)
  }

  it('observes the database, the store, the witnesses, the clock and the quotas', async () => {
    expect(await observed({ witnessedAt: 2 * 60_000 })).toEqual({
      ...{ 'database-away': false, 'store-away': false },
      ...{ 'clock-jumped': false, 'clock-doubted': false },
      ...{ 'ledger-unwitnessed': false, follow: true },
      ...{ 'quota-near facility-a': false, 'quota-near facility-b': false },
    })
    const soon = [
      { principal: 'facility-a', validUntil: 31 * 60_000 + 13 * 86_400_000 },
      { principal: 'facility-a', validUntil: 31 * 60_000 + 90 * 86_400_000 },
      { principal: 'reader-1', validUntil: 31 * 60_000 + 15 * 86_400_000 },
    ]
    expect(await observed({ witnessedAt: 2 * 60_000, used: soon })).toMatchObject({
      'client-certificate-expires facility-a': true,
      'client-certificate-expires reader-1': false,
    })
    const shares = { 'facility-a': 0.81, 'facility-b': 0.79 }
    expect(await observed({ shares })).toMatchObject({
      ...{ 'quota-near facility-a': true, 'quota-near facility-b': false },
    })
    const doubt = { reason: 'ahead', shown: 9, other: 1 } as const
    expect(await observed({ doubt })).toMatchObject({ 'clock-doubted': true })
    expect(await observed({ store: false })).toMatchObject({
      ...{ 'store-away': true, 'ledger-unwitnessed': true },
    })
    expect(await observed({ witnessedAt: undefined })).toMatchObject({ 'ledger-unwitnessed': true })
    const away = await observed({ database: false, store: false })
    expect(away).toMatchObject({ 'database-away': true, 'store-away': true })
    expect(away).not.toHaveProperty('follow')
  })
})
