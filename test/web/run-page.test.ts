/** The page at /run as the gateway serves it: an operator with a key file and a keyboard. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call } from '../whole-way/_http.js'
import { noChromium, startChromium } from './_chromium.js'
import { faultsOf, leftAfterLock, signIn } from './_page.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`

suite(`the page of an operator${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  const printed: string[] = []

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    browser = await startChromium()
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
    page = await context.newPage()
    page.on('console', (message) => printed.push(message.text()))
    page.on('pageerror', (error) => printed.push(String(error)))
    await page.goto(`${gateway.url}/run`)
  }, 180_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  const faults = (): Promise<string[]> => faultsOf(page)

  it('says what needs attention, and the next step', async () => {
    await signIn(page, 'operator-1', site.keyFile('operator-1'))
    await page.getByText('The gateway accepts and delivers studies').waitFor()
    await page.getByText('Use this gateway only from this machine').waitFor()
    expect(await faults()).toEqual([])
  }, 60_000)

  it('revokes a token', async () => {
    const token = await site.token('reader-1')
    expect((await call(gateway, 'GET', '/v1/inbox', { token })).status).toBe(200)
    await page.getByRole('tab', { name: /What needs attention/ }).focus()
    await page.keyboard.press('2')
    await page.getByRole('button', { name: 'Revoke the token of reader-1…' }).press('Enter')
    await page.getByRole('button', { name: 'Revoke the token of reader-1', exact: true }).waitFor()
    expect(await faults()).toEqual([])
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /reader-1/ }).waitFor({ state: 'detached' })
    expect((await call(gateway, 'GET', '/v1/inbox', { token })).status).toBe(401)
  }, 60_000)

  it('shows people, duty, doors and queues', async () => {
    for (const [key, text] of [
      ['3', 'reader-1'],
      ['4', 'nights'],
      ['5', 'Notifications not sent yet'],
    ] as const) {
      await page.getByRole('tab', { selected: true }).focus()
      await page.keyboard.press(key)
      await page.getByText(text).first().waitFor()
      expect(await faults()).toEqual([])
    }
  }, 60_000)

  it('keeps nothing after it was locked, and broke no policy', async () => {
    expect(await leftAfterLock(page)).toBe('[[],[],"",false]')
    expect(printed.filter((text) => /policy|TrustedScript|violat|Error/i.test(text))).toEqual([])
  })
})
