/** How much a facility may send within a day, and what becomes of it a day later. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { noise, ultrasoundFile } from '../deidentify/_image.js'
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

const shareOf = async ({ transfers }: OpenedSite): Promise<number> =>
  (await transfers.usedShares()).get('facility-a') ?? 0

it('is counted, refused beyond, except for STAT, and forgotten after a day', async () => {
  expect(await shareOf(site)).toBe(0)
  await sendBytes(60_000, 'one')
  const share = await shareOf(site)
  expect(share).toBeGreaterThan(0.6)
  expect(share).toBeLessThan(0.7)
  await sendBytes(50_000, 'two')
  expect(await codeOf(sendBytes(10, 'three'))).toBe('quota_reached')
  await sendBytes(20_000, 'urgent', 'stat')
  expect(await codeOf(sendBytes(10, 'four', 'stat'))).toBe('quota_reached')
  site.clock.pass(DAY_MS + 1)
  expect(await shareOf(site)).toBe(0)
  await sendBytes(10, 'five')
})

it('counts what is held and what is added to an open transfer, and nothing that is there already', async () => {
  site.clock.pass(DAY_MS + 1)
  const held = await send(site, [atRisk()])
  expect(held.items[0]?.outcome).toBe('quarantined')
  const afterHeld = await shareOf(site)
  expect(afterHeld).toBeGreaterThan(0.003)
  const { id } = await send(site, [pdf('x'.repeat(20_000))], { complete: false })
  site.clock.pass(DAY_MS + 1)
  expect(await shareOf(site)).toBe(0)
  await send(site, [pdf('y'.repeat(30_000))], { transfer: id, complete: false })
  const afterAdded = await shareOf(site)
  expect(afterAdded).toBeGreaterThan(0.3)
  const again = await send(site, [pdf('y'.repeat(30_000))], { transfer: id, complete: false })
  expect(again.items[0]?.outcome).toBe('duplicate')
  expect(await shareOf(site)).toBe(afterAdded)
})

/** An ultrasound image that does not say where text is burned in. */
const atRisk = (): Buffer =>
  ultrasoundFile(
    { rows: 64, columns: 64, photometric: 'MONOCHROME2' },
    [],
    [0x7fe00010, 'OB', noise(64 * 64, 1)],
  )
