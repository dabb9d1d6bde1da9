/** How much a facility may send within a day, and what becomes of it a day later. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { codeOf, openTransferSite, pdf, send } from './_site.js'
import type { OpenedSite } from './_site.js'

const DAY_MS = 86_400_000

let site: OpenedSite

beforeAll(async () => {
  site = await openTransferSite({ dailyBytes: 100_000 })
})
afterAll(() => site.close())

const sendBytes = (bytes: number, name: string, priority: 'routine' | 'stat' = 'routine') =>
  send(site, [pdf(name.repeat(Math.ceil(bytes / name.length)))], { priority })

it('is counted, refused beyond, except for STAT, and forgotten after a day', async () => {
  expect(await site.transfers.usedShare('facility-a')).toBe(0)
  await sendBytes(60_000, 'one')
  const share = await site.transfers.usedShare('facility-a')
  expect(share).toBeGreaterThan(0.6)
  expect(share).toBeLessThan(0.7)
  await sendBytes(50_000, 'two')
  expect(await codeOf(sendBytes(10, 'three'))).toBe('quota_reached')
  await sendBytes(20_000, 'urgent', 'stat')
  expect(await codeOf(sendBytes(10, 'four', 'stat'))).toBe('quota_reached')
  site.clock.pass(DAY_MS + 1)
  expect(await site.transfers.usedShare('facility-a')).toBe(0)
  await sendBytes(10, 'five')
})
