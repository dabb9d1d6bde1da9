/** An overdue review of activity is shown wherever operators look. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { checkSite } from '../../src/cli/site/site-check.js'
import { openSite } from '../../src/cli/site/site.js'
import { createGateway } from '../../src/gateway.js'
import { createLogger } from '../../src/lib/logger.js'
import { SITE } from '../../src/lib/actors.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'

const DAY_MS = 86_400_000

let site: TestSite
beforeAll(async () => {
  site = await makeSite()
}, 60_000)
afterAll(() => site.remove())

/** What a gateway reports this many days from now. */
async function shownIn(days: number) {
  const now = () => Date.now() + days * DAY_MS
  const logger = createLogger('silent')
  const gateway = await createGateway(await openSite(site.dir), { port: 0, logger, now })
  const { url, rooms } = await gateway.start()
  const { token } = await rooms.tokens.issue('operator-1', { days: 1, actor: SITE })
  const headers = { Authorization: `Bearer ${token}` }
  const { warnings } = (await (await fetch(`${url}/readyz`)).json()) as { warnings: string[] }
  const metrics = await (await fetch(`${url}/metrics`, { headers })).text()
  await gateway.close()
  const { warnings: checked } = await checkSite(site.dir, process.env, new Date(now()))
  return {
    ready: warnings.filter((text) => text.includes('review')),
    seconds: Number(/^nocturne_ledger_review_overdue_seconds (\S+)$/m.exec(metrics)?.[1]),
    checked: checked.filter(({ path }) => path === 'ledger').map(({ problem }) => problem),
  }
}

it('is reported in readiness, metrics and check only once it is due', async () => {
  await expect(shownIn(0)).resolves.toEqual({ ready: [], seconds: 0, checked: [] })
  const { ready, seconds, checked } = await shownIn(8)
  expect(ready).toEqual([expect.stringMatching(/^a review of the ledger is overdue/)])
  // Seven days after the first event.
  expect(seconds).toBeGreaterThan(0.99 * 86_400)
  expect(checked).toEqual([expect.stringMatching(/^a review of activity is overdue since \d{4}-/)])
}, 60_000)
