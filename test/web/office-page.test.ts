/** The page at /office as the gateway serves it: an officer with a key file and a keyboard. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'
import { noChromium, startChromium } from './_chromium.js'
import { faultsOf, leftAfterLock, signIn } from './_page.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`

suite(`the page of an officer${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  const printed: string[] = []
  const requested: string[] = []

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    const to = join(site.dir, '..', 'study')
    await upload(
      site,
      gateway,
      await makeStudy(to, '--instances', '2', '--size', '64', '--seed', '42'),
    )
    browser = await startChromium()
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
    page = await context.newPage()
    page.on('console', (message) => printed.push(message.text()))
    page.on('pageerror', (error) => printed.push(String(error)))
    page.on('request', (request) => requested.push(request.url()))
    await page.goto(`${gateway.url}/office`)
  }, 180_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  const faults = (): Promise<string[]> => faultsOf(page)

  it('counts the answers to each question, as one read of the ledger', async () => {
    await signIn(page, 'officer-1', site.keyFile('officer-1'))
    await page.getByRole('button', { name: /^\d+ Available, but not fetched/ }).waitFor()
    expect(await faults()).toEqual([])
    const reads = page.getByRole('button', { name: /The ledger was read or exported/ })
    expect(await reads.textContent()).toMatch(/^1 /)
    await reads.press('Enter')
    await page.getByText(/^2 events in a log of \d+ entries$/).waitFor()
    expect(await faults()).toEqual([])
  }, 60_000)

  it('shows one person as lines per hour, the events on demand, and their proof', async () => {
    await page.getByRole('tab', { name: /Questions/ }).focus()
    await page.keyboard.press('2')
    await page.getByLabel('Person').fill('facility-a')
    await page.keyboard.press('Enter')
    await page.getByText(/events in a log of/).waitFor()
    await page.locator('.more').first().press('Enter')
    await page.locator('.details .more').first().press('Enter')
    await page.getByRole('button', { name: 'Check its proof' }).press('Enter')
    await page.getByText(/^Verified in this browser: entry \d+/).waitFor()
    expect(await faults()).toEqual([])
  }, 60_000)

  it('finds a patient by the ID of the facility, and saves the table', async () => {
    await page.getByLabel('Timeline of').selectOption('patient')
    await page.getByLabel('Facility').fill('facility-a')
    await page.getByLabel('Patient ID', { exact: true }).fill('DEMO-0042')
    await page.keyboard.press('Enter')
    await page.getByText(/^[1-9]\d* events in a log of/).waitFor()
    const saving = page.waitForEvent('download')
    await page
      .getByRole('button', { name: /^Save A patient of facility-a.* as CSV$/ })
      .press('Enter')
    const csv = await readFile(await (await saving).path(), 'utf8')
    expect(csv).toContain('"facility-a (sender)"')
    expect(csv).not.toContain('DEMO-0042')
    expect(requested.filter((url) => url.includes('DEMO'))).toEqual([])
  }, 60_000)

  it('verifies the whole log itself', async () => {
    await page.getByRole('tab', { name: /Timelines/ }).focus()
    await page.keyboard.press('3')
    await page.getByRole('button', { name: 'Verify the whole log' }).press('Enter')
    await page.getByRole('heading', { name: 'Verified' }).waitFor({ timeout: 30_000 })
    const key = await readFile(join(site.dir, 'keys', 'ledger.vkey'), 'utf8')
    await page.getByLabel('The key that you received').fill(key)
    await page.getByText('The same key').waitFor()
    expect(await faults()).toEqual([])
  }, 60_000)

  it('keeps nothing after it was locked, and broke no policy', async () => {
    expect(await leftAfterLock(page)).toBe('[[],[],"",false]')
    expect(
      requested.filter((url) => !url.startsWith(gateway.url) && !/^(blob|data):/.test(url)),
    ).toEqual([])
    expect(printed.filter((text) => /policy|TrustedScript|violat|Error/i.test(text))).toEqual([])
  })
})
