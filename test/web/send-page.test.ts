/** The page at /send as the gateway serves it: a technologist with the facility's key. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { file } from '../deidentify/_build.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { makeStudy } from '../whole-way/_study.js'
import { noChromium, startChromium } from './_chromium.js'
import { axeFaults, signIn as signInWith } from './_page.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`
/** It would run if it were taken as markup. */
const FINDINGS = 'Normal <img src=x onerror="globalThis.executed = 1">.'
const CRITICAL = 'Tension pneumothorax on the right.'

/** Held, since a name may be burned into it. */
const ultrasound = (instance: string): Buffer =>
  file([
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.6.1'],
    [0x00080018, 'UI', instance],
    [0x00080060, 'CS', 'US'],
    [0x00280002, 'US', Buffer.from([1, 0])],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', Buffer.from([32, 0])],
    [0x00280011, 'US', Buffer.from([32, 0])],
    [0x00280100, 'US', Buffer.from([8, 0])],
    [0x00280101, 'US', Buffer.from([8, 0])],
    [0x00280102, 'US', Buffer.from([7, 0])],
    [0x00280103, 'US', Buffer.from([0, 0])],
    [0x7fe00010, 'OB', Buffer.alloc(1_024, 90)],
  ])

suite(`the page of a facility${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  let files: string[]
  let code = ''
  const printed: string[] = []
  const sentBodies: string[] = []
  const at = (name: string) => join(site.dir, '..', name)
  const asReader = (...words: readonly string[]) =>
    nocturne(
      ...words,
      ...['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
      ...['--key', site.keyFile('reader-1')],
    )

  beforeAll(async () => {
    site = await makeSite()
    await site.configure((yaml) =>
      yaml.replace('groups: [nights] }', 'groups: [nights], requisition: [reason, callback] }'),
    )
    gateway = await site.start()
    files = await makeStudy(at('study'), '--instances', '3', '--size', '64', '--name', 'ZEBRA^FISH')
    await writeFile(at('ZEBRA-notes.bin'), Buffer.from('neither DICOM nor a document\0'))
    browser = await startChromium()
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    page = await context.newPage()
    page.on('console', (message) => printed.push(message.text()))
    page.on('pageerror', (error) => printed.push(String(error)))
    page.on('request', (request) => sentBodies.push(request.url()))
    await page.goto(`${gateway.url}/send`)
  }, 180_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  const signIn = (principal: string): Promise<void> =>
    signInWith(page, principal, site.keyFile(principal))
  const axe = (): Promise<string[]> => axeFaults(page)

  it('sends a reader to the page for readers', async () => {
    await signIn('reader-1')
    await page.getByText('This page is for a sender').waitFor()
  })

  it('shows on this machine whose study it is', async () => {
    await signIn('facility-a')
    await page.getByRole('heading', { name: 'Send a study' }).waitFor()
    expect(await axe()).toEqual([])
    await page.getByLabel('Files', { exact: true }).setInputFiles([...files, at('ZEBRA-notes.bin')])
    await page.getByText('ZEBRA FISH').waitFor()
    await page.getByText('CT Head axial: 3').waitFor()
    await page.getByLabel('Priority').selectOption('stat')
    expect(await axe()).toEqual([])
  }, 60_000)

  it('asks for the requisition that the facility requires', async () => {
    await page.getByRole('button', { name: 'Send 4 files without a requisition' }).waitFor()
    await page.getByLabel(/^Reason for the study/).fill('Mrs. Zebra fell from a ladder.')
    await page.getByText('Still missing: call-back number.').waitFor()
    expect(await page.getByRole('button', { name: 'Fill in what' }).isDisabled()).toBe(true)
    await page.getByLabel(/^Call-back number/).fill('Dr. Kim, +1 555 010 2030')
    expect(await axe()).toEqual([])
  }, 60_000)

  it('sends it, and says what became of each file', async () => {
    await page.getByRole('button', { name: 'Send 4 files' }).click()
    await page.getByText('3 accepted').waitFor({ timeout: 60_000 })
    await page.getByText('ZEBRA-notes.bin').waitFor()
    const row = page.getByRole('row').filter({ hasText: 'STAT' })
    await row.filter({ hasText: 'waiting since' }).waitFor()
    code = (await row.getByRole('rowheader').textContent()) ?? ''
    expect(code).toMatch(/^[0-9A-Z]{3}-[0-9A-Z]{3}$/)
    expect(await axe()).toEqual([])
  }, 90_000)

  it('gives the requisition to the readers, without the name', async () => {
    let text = ''
    for (let tries = 0; tries < 30 && text === ''; tries += 1) {
      await asReader('pull', '--all', '--out', at(`pulled-${tries}`))
      const names = await readdir(at(`pulled-${tries}`), { recursive: true }).catch(() => [])
      const found = names.find((name) => name.endsWith('.txt'))
      if (found !== undefined) text = await readFile(join(at(`pulled-${tries}`), found), 'utf8')
      else await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
    expect(text).toContain('fell from a ladder')
    expect(text).toContain('+1 555 010 2030')
    expect(text).not.toMatch(/zebra|kim/i)
  }, 60_000)

  it('shows what is held, and releases it with one signature', async () => {
    await writeFile(at('us-1.dcm'), ultrasound('1.2.3.4.8.1'))
    await writeFile(at('us-2.dcm'), ultrasound('1.2.3.4.8.2'))
    await page.getByLabel('Files', { exact: true }).setInputFiles([at('us-1.dcm'), at('us-2.dcm')])
    await page.getByRole('button', { name: /^Send 2 files/ }).click()
    await page.getByText('2 held for you').waitFor({ timeout: 60_000 })
    const look = page.getByRole('button', { name: /^Look at (it|them) and decide/ }).last()
    await look.press('Enter')
    await page.locator('.canvas[data-drawn=true]').waitFor({ timeout: 60_000 })
    await page.keyboard.press('End')
    await page.getByText('2 / 2').waitFor()
    expect(await axe()).toEqual([])
    await page.getByLabel('Release, because').selectOption('no-identifiers-seen')
    await page.getByRole('button', { name: 'Sign and release 2' }).press('Enter')
    await page.getByRole('row').nth(2).waitFor({ timeout: 60_000 })
    const { stdout } = await nocturne(
      ...['quarantine', 'list', '--all', '--gateway', gateway.url],
      ...['--token-file', site.tokenFile('facility-a'), '--json'],
    )
    expect(stdout.match(/"state": ?"released"/g)).toHaveLength(2)
  }, 120_000)

  it('is covered by a critical result until it is read back', async () => {
    await asReader('claim', code)
    await writeFile(at('critical.txt'), CRITICAL)
    const raised = await asReader(
      ...['critical', 'raise', code, '--level', 'minutes', '--text', at('critical.txt')],
    )
    expect(raised).toMatchObject({ status: 0 })
    const alarm = page.getByRole('alertdialog')
    await alarm.getByText(CRITICAL).waitFor({ timeout: 30_000 })
    await page.keyboard.press('Escape')
    const { width, height } = (await page.locator('.alarm').boundingBox()) ?? {}
    expect([width, height]).toEqual([1280, 900])
    expect(await axe()).toEqual([])
    await alarm.getByLabel('Who takes it').selectOption('nurse')
    await alarm.getByLabel(/^Read it back/).fill(CRITICAL.toUpperCase())
    await alarm.getByRole('button', { name: 'Read back' }).click()
    await alarm.waitFor({ state: 'detached' })
  }, 90_000)

  it('opens a report with the identity restored, and confirms it', async () => {
    await writeFile(at('report.txt'), `FINDINGS:\n${FINDINGS}\n`)
    const sent = await asReader('report', code, '--status', 'final', '--text', at('report.txt'))
    expect(sent).toMatchObject({ status: 0 })
    const row = page.getByRole('row').filter({ hasText: 'final report' })
    await row.waitFor({ timeout: 30_000 })
    await row.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Open the report' }).click()
    await page.locator('.identity').getByText('ZEBRA FISH').waitFor()
    await page.getByText(FINDINGS).waitFor()
    expect(await page.evaluate(`'executed' in globalThis`)).toBe(false)
    expect(await axe()).toEqual([])
    await page.getByRole('button', { name: 'Sign that we have it' }).click()
    await page.getByText(/^Confirmed/).waitFor({ timeout: 30_000 })
  }, 90_000)

  it('keeps nothing after it was locked, and broke no policy', async () => {
    await page.getByRole('button', { name: 'Lock' }).click()
    await page.getByLabel('Your private key').waitFor()
    const left = await page.evaluate<string>(
      `JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage), document.cookie, document.body.innerText.includes('ZEBRA')])`,
    )
    expect(left).toBe('[[],[],"",false]')
    expect(
      sentBodies.filter((url) => !url.startsWith(gateway.url) && !/^(blob|data):/.test(url)),
    ).toEqual([])
    expect(printed.filter((text) => /policy|TrustedScript|violat/i.test(text))).toEqual([])
  })
})
