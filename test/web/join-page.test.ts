/** The page at /join: an invited reader, the operator at the site, and the first sign-in. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'
import { noChromium, startChromium } from './_chromium.js'
import { axeFaults, signIn } from './_page.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`
const PASSPHRASE = 'correct horse battery'

suite(`the page for invited people${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  let link = ''
  const printed: string[] = []
  const asked: string[] = []
  const atSite = (...words: readonly string[]) => nocturne(...words, '--site', site.dir)

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    const study = join(site.dir, '..', 'study')
    await upload(site, gateway, await makeStudy(study, '--instances', '2', '--size', '64'))
    browser = await startChromium()
    const context = await browser.newContext({ viewport: { width: 390, height: 800 } })
    page = await context.newPage()
    page.on('console', (message) => printed.push(message.text()))
    page.on('request', (request) => asked.push(request.url()))
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  const axe = (): Promise<string[]> => axeFaults(page)

  it('is opened by the link of an invitation alone', async () => {
    const made = await atSite(
      ...['invite', 'reader-9', '--role', 'reader', '--group', 'nights'],
      ...['--address', gateway.url, '--json'],
    )
    expect(made).toMatchObject({ status: 0 })
    link = (JSON.parse(made.stdout) as { link: string }).link
    await page.goto(`${gateway.url}/join`)
    await page.getByText('opened with the link of an invitation').waitFor()
    expect(await axe()).toEqual([])
    await page.goto(`${link.slice(0, -4)}AAAA`)
    await page.getByText('The invitation is not valid').waitFor()
    expect(await axe()).toEqual([])
  }, 60_000)

  it('makes a key, and sends its certificate once the file was saved', async () => {
    await page.goto(link)
    await page.getByText('invites you as').waitFor()
    expect(page.url()).toBe(`${gateway.url}/join`)
    expect(await axe()).toEqual([])
    await page.getByLabel('Keep it on this device as well').check()
    await page.getByLabel('New passphrase').fill(PASSPHRASE)
    await page.getByLabel('The passphrase again').fill(PASSPHRASE)
    await page.getByRole('button', { name: 'Make the key' }).click()
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save reader-9.asc' }).click()
    await (await saving).saveAs(join(site.dir, 'reader-9.asc'))
    expect(await readFile(join(site.dir, 'reader-9.asc'), 'utf8')).toContain('PRIVATE KEY')
    await page.getByRole('button', { name: 'I have saved it' }).click()
    await page.getByText('Certificate sent').waitFor({ timeout: 30_000 })
    expect(await axe()).toEqual([])
  }, 60_000)

  it('lets the person in within 5 seconds after the operator confirmed the words', async () => {
    const wrong = await atSite('invite', 'confirm', 'reader-9', '--words', 'acorn actor')
    expect(wrong).toMatchObject({ status: 1 })
    const words = (await page.locator('.words').textContent()) ?? ''
    const confirmed = await atSite('invite', 'confirm', 'reader-9', '--words', words)
    expect(confirmed).toMatchObject({ status: 0 })
    const seen = Date.now()
    await page.getByRole('link', { name: '/read' }).click()
    await page.getByRole('heading', { name: 'reader-9' }).waitFor()
    expect(await axe()).toEqual([])
    await page.getByLabel('Passphrase').fill(PASSPHRASE)
    await new Promise((resolve) => setTimeout(resolve, seen + 4_500 - Date.now()))
    await page.getByRole('button', { name: 'Unlock and sign in' }).click()
    await page.getByRole('heading', { name: 'Worklist' }).waitFor()
    await page.getByText('Your key does not open one case of this list').click()
    await page.getByText('Ask reader-1 to open it and to use').waitFor()
    expect(await axe()).toEqual([])
  }, 60_000)

  it('lets a colleague give the newcomer a case that was sealed before', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    const colleague = await context.newPage()
    await colleague.goto(`${gateway.url}/read`)
    await signIn(colleague, 'reader-1', site.keyFile('reader-1'))
    await colleague.getByRole('row').filter({ hasText: 'facility-a' }).waitFor()
    await colleague.keyboard.press('Enter')
    await colleague.getByRole('button', { name: 'Claim and open' }).press('Enter')
    await colleague.getByText('1 / 2').waitFor({ timeout: 60_000 })
    await colleague.getByRole('button', { name: 'Who can open it' }).click()
    await colleague.getByRole('button', { name: 'Let reader-9 open it' }).click()
    await colleague.getByText('reader-9 can open the case from now on').waitFor()
    await colleague.getByText('was added, and has not opened it yet').waitFor()
    expect(await axeFaults(colleague)).toEqual([])
    await colleague.keyboard.press('Escape')
    await colleague.getByRole('button', { name: 'Release the claim' }).click()
    await colleague.getByRole('heading', { name: 'Worklist' }).waitFor()
    await context.close()
    await page.getByRole('row').filter({ hasText: 'facility-a' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Claim and open' }).press('Enter')
    await page.getByText('1 / 2').waitFor({ timeout: 60_000 })
  }, 120_000)

  it('is merged into the file of the site, and ended again', async () => {
    const out = join(site.dir, '..', 'merged')
    expect(await atSite('site', 'export', '--out', out)).toMatchObject({ status: 0 })
    expect(await readFile(join(out, 'nocturne.yaml'), 'utf8')).toMatch(
      /readers: \[ ?reader-1, reader-9 ?\][\s\S]*id: reader-9, role: reader/,
    )
    expect(await atSite('invite', 'list')).toMatchObject({ status: 0 })
    expect(await atSite('invite', 'end', 'reader-9')).toMatchObject({ status: 0 })
  }, 60_000)

  it('sent the secret nowhere but in the body of a request, and broke no policy', () => {
    const secret = link.split('.').at(-1) ?? ''
    expect(secret).toHaveLength(43)
    expect(gateway.log()).not.toContain(secret)
    expect(asked.filter((url) => url.split('#')[0]?.includes(secret))).toEqual([])
    expect(printed.filter((text) => /policy|TrustedScript|violat/i.test(text))).toEqual([])
  })
})
