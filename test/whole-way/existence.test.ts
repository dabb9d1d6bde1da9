/**
 * Whether a resource exists does not show in the time of the answer that it may not be seen.
 * `NOCTURNE_EXISTENCE_ROUNDS=1000` runs the 2,000 interleaved requests that the bound is stated
 * for.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { join } from 'node:path'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'
import { makeStudy } from './_study.js'

const ROUNDS = Number(process.env.NOCTURNE_EXISTENCE_ROUNDS ?? 40)
/** Few rounds on a busy machine may differ by one step of the grid on which answers leave. */
const BOUND = ROUNDS >= 1_000 ? 0.05 : 0.6

let site: TestSite
let gateway: RunningGateway
let existing = ''
beforeAll(async () => {
  site = await makeSite()
  gateway = await site.start()
  const study = join(site.dir, '../study')
  await makeStudy(study, '--instances', '1', '--size', '64')
  const token = ['--gateway', gateway.url, '--token-file', site.tokenFile('facility-a')]
  const sent = await nocturne('send', study, '--json', ...token)
  existing = (JSON.parse(sent.stdout) as { id: string }).id
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN

it('answers alike in equal time for a transfer of others and for one that does not exist', async () => {
  const token = await site.token('operator-1')
  const absent = existing.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  const times = { existing: [] as number[], absent: [] as number[] }
  const ask = async (which: keyof typeof times, id: string) => {
    const started = performance.now()
    const { status, body } = await call(gateway, 'GET', `/v1/transfers/${id}`, { token })
    times[which].push(performance.now() - started)
    expect([status, body.code]).toEqual([404, 'not_found'])
  }
  for (let i = 0; i < ROUNDS; i += 1) {
    await ask('existing', existing)
    await ask('absent', absent)
  }
  const [one, other] = [median(times.existing), median(times.absent)]
  console.log(
    `medians of ${ROUNDS} each: ${one.toFixed(2)} ms existing, ${other.toFixed(2)} ms absent`,
  )
  expect(Math.abs(one - other) / Math.max(one, other)).toBeLessThan(BOUND)
}, 600_000)
