/** The page at /read as the gateway serves it: a radiologist with a key file and a keyboard. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parseDicom } from 'dicom-parser'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { makeStudy } from '../whole-way/_study.js'
import { noChromium, startChromium } from './_chromium.js'
import { axeFaults, signIn as signInWith } from './_page.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`
const SLICES = 12
/** It would run if it were taken as markup. */
const FINDINGS = 'ZEBRAFISH <img src=x onerror="globalThis.executed = 1"> normal.'

/** The same slices once more, as a series of its own in the same study. */
async function addSecondSeries(slices: readonly string[]): Promise<void> {
  for (const name of slices) {
    const bytes = await readFile(name)
    const header = parseDicom(bytes, { untilTag: 'x7fe00010' })
    let text = bytes.toString('latin1')
    for (const tag of ['x00080018', 'x0020000e']) {
      const uid = header.string(tag) ?? ''
      text = text.replaceAll(uid, `${uid.slice(0, -1)}${(Number(uid.at(-1)) + 1) % 10}`)
    }
    await writeFile(name.replace('IM0', 'JM0'), Buffer.from(text, 'latin1'))
  }
}

const EDGES = `['.top', '.bottom', '.left-edge', '.right-edge'].map((one) => document.querySelector('.edge' + one).textContent).join(' ')`
const LIGHT = `(() => {
  const { data, width, height } = (() => {
    const canvas = document.querySelector('.canvas canvas')
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  })()
  let [top, bottom, left, right] = [0, 0, 0, 0]
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const light = data[4 * (y * width + x)]
      if (y < height / 2) top += light
      else bottom += light
      if (x < width / 2) left += light
      else right += light
    }
  const all = top + bottom
  return [top, bottom, left, right].map((one) => one / all)
})()`

suite(`the worklist and its viewer${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  /** What the browser printed, violations of the policy among it. */
  const printed: string[] = []
  const asked: string[] = []
  const at = (name: string) => join(site.dir, '..', name)
  const as = (principal: string) => [
    ...['--gateway', gateway.url, '--token-file', site.tokenFile(principal)],
  ]

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    const slices = await makeStudy(at('study'), '--instances', String(SLICES), '--document')
    await addSecondSeries(slices.filter((name) => name.endsWith('.dcm')))
    const sent = await nocturne('send', at('study'), '--priority', 'stat', ...as('facility-a'))
    expect(sent).toMatchObject({ status: 0 })
    browser = await startChromium()
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    page = await context.newPage()
    page.on('console', (message) => printed.push(message.text()))
    page.on('pageerror', (error) => printed.push(String(error)))
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${gateway.url}/read`)
  }, 180_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  const signIn = (principal: string, key: string): Promise<void> => signInWith(page, principal, key)
  const axe = (): Promise<string[]> => axeFaults(page)

  it('says what is wrong with a key, and keeps the person signed out', async () => {
    await signIn('reader-1', site.keyFile('officer-1'))
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toMatch(/sign/i)
    expect(await axe()).toEqual([])
  })

  it('shows the case by time left, and takes the keyboard alone', async () => {
    await signIn('reader-1', site.keyFile('reader-1'))
    await page.getByRole('heading', { name: 'Worklist' }).waitFor()
    await page.getByRole('row').filter({ hasText: 'STAT' }).waitFor()
    expect(await axe()).toEqual([])
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Claim and open' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText(`1 / ${SLICES}`).waitFor({ timeout: 60_000 })
  }, 120_000)

  it('draws what the scanner made, and says how the patient lies', async () => {
    await page.locator('.canvas[data-drawn=true]').waitFor({ timeout: 60_000 })
    const first = await pixels()
    await page.keyboard.press('End')
    await page.getByText(`${SLICES} / ${SLICES}`).waitFor()
    const last = await pixels()
    expect(last).not.toBe(first)
    expect(await page.getByRole('img', { name: 'Orientation' }).textContent()).toMatch(/[APRL]/)
    expect(await axe()).toEqual([])
  }, 120_000)

  it('shows another series beside it, and scrolls both together', async () => {
    const shown = `[...document.querySelectorAll('.top-right')].map((one) => one.textContent).join()`
    const both = (number: number) =>
      until(`${shown} === '${number} / ${SLICES},${number} / ${SLICES}'`)
    await page.getByText('Every item was opened').waitFor({ timeout: 60_000 })
    await page.keyboard.press('Home')
    await page.getByText(`1 / ${SLICES}`).waitFor()
    await page.keyboard.press('b')
    await page.locator('.canvas[data-drawn=true]').nth(1).waitFor()
    await page.keyboard.press('y')
    await page.getByRole('button', { name: /^Unlink/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await both(2)
    await page.keyboard.press('x')
    await page.keyboard.press('ArrowDown')
    await both(3)
    expect(await axe()).toEqual([])
    await page.keyboard.press('b')
    await page.locator('.canvas').nth(1).waitFor({ state: 'detached' })
    expect(await page.locator('.canvas[data-drawn=true]').count()).toBe(1)
  }, 60_000)

  it('turns the letters at the edges together with the image', async () => {
    const before = await lying()
    await page.keyboard.press('r')
    await until(`${EDGES} !== ${JSON.stringify(before.letters)}`)
    const after = await lying()
    // A quarter turn clockwise: what was on the left is at the top.
    const turned = ([top, bottom, left, right]: readonly string[]) => [left, right, bottom, top]
    expect(after.letters.split(' ')).toEqual(turned(before.letters.split(' ')))
    const [top = 0, bottom = 0, left = 0, right = 0] = before.light
    for (const [at, was] of [left, right, bottom, top].entries())
      expect(Math.abs((after.light[at] ?? 0) - was)).toBeLessThan(0.02)
    await page.keyboard.press('0')
    await until(`${EDGES} === ${JSON.stringify(before.letters)}`)
  }, 60_000)

  it('tells the facility that everything was opened', async () => {
    await page.getByText('Every item was opened').waitFor({ timeout: 60_000 })
    const inbox = await nocturne('inbox', ...as('reader-1'), '--json')
    expect(inbox.stdout).toContain('reader-1')
  }, 60_000)

  it('shows the documents of the case beside the images', async () => {
    await page.keyboard.press('d')
    await page.locator('.paper').waitFor()
    expect(await axe()).toEqual([])
  })

  it('keeps a draft that nobody else can read', async () => {
    await page.keyboard.press('e')
    await page.keyboard.type(FINDINGS)
    await page.getByText('sealed to you').waitFor()
    const kept = await page.evaluate<string>(`JSON.stringify(Object.entries(localStorage))`)
    expect(kept).toContain('nocturne-draft/reader-1/')
    expect(kept).not.toContain('ZEBRAFISH')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.getByRole('row').filter({ hasText: 'STAT' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Open', exact: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('Continued from the draft').waitFor({ timeout: 60_000 })
    expect(await page.getByLabel('Findings', { exact: true }).inputValue()).toBe(FINDINGS)
    expect(await axe()).toEqual([])
  }, 120_000)

  it('raises a critical result and logs the call that ends it', async () => {
    await page.keyboard.press('c')
    await page.getByLabel('It must be read back').selectOption('minutes')
    await page.getByLabel(/^Finding, in one/).fill('Tension pneumothorax <b>right</b>.')
    await page.getByRole('button', { name: 'Sign, seal and raise' }).click()
    await page.getByText('not read back,').waitFor()
    await page.getByRole('button', { name: 'Open the finding' }).click()
    await page.getByText('Tension pneumothorax <b>right</b>.').waitFor()
    expect(await axe()).toEqual([])
    await page.getByText('Log a phone call').click()
    await page.getByLabel('Who took the finding').selectOption('nurse')
    await page.getByRole('button', { name: 'It was read back correctly' }).click()
    await page.getByText('closed by a phone call').waitFor()
  }, 60_000)

  it('signs, seals and sends the report, which the facility opens', async () => {
    await page.getByRole('tab', { name: /^Report/ }).click()
    await page.getByLabel('Findings', { exact: true }).press('Control+Enter')
    await page.getByText(/^Sealed to facility-a/).waitFor()
    expect(await axe()).toEqual([])
    await page.getByRole('button', { name: 'Sign, seal and send' }).press('Enter')
    await page.getByText('The preliminary report was sent').waitFor()
    const crosswalk = ['--crosswalk', at('crosswalk'), '--key', site.keyFile('facility-a')]
    const fetched = await nocturne(
      ...['reports', 'fetch', ...crosswalk, '--out', at('reports'), '--format', 'text'],
      ...as('facility-a'),
    )
    expect(fetched).toMatchObject({ status: 0 })
    const [name = ''] = (await readdir(at('reports'))).filter((one) => one.endsWith('.txt'))
    expect(await readFile(join(at('reports'), name), 'utf8')).toContain(FINDINGS)
    expect(
      await page.evaluate<number>(
        `Object.keys(localStorage).filter((one) => one.startsWith('nocturne-draft')).length`,
      ),
    ).toBe(0)
  }, 60_000)

  it('opens the report again as text, and executes nothing of it', async () => {
    await page.keyboard.press('o')
    const earlier = page.getByRole('region', { name: 'Reports so far' })
    await earlier.getByRole('button', { name: 'Open' }).click()
    await earlier.getByText(FINDINGS).waitFor()
    expect(await page.evaluate(`'executed' in globalThis`)).toBe(false)
    expect(await axe()).toEqual([])
  })

  it('hands over with a note that the group can open', async () => {
    await page.getByRole('button', { name: /^Worklist/ }).click()
    await page.getByRole('heading', { name: 'Worklist' }).waitFor()
    await page.keyboard.press('h')
    await page.getByLabel(/^Note to the group/).fill('Call the ICU at six.')
    await page.getByRole('button', { name: 'Hand over', exact: true }).click()
    await page.getByRole('button', { name: 'Open the note' }).click()
    await page.locator('.note').getByText('Call the ICU at six.').waitFor()
    expect(await axe()).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    expect(await axe()).toEqual([])
    await page.keyboard.press('Escape')
  }, 60_000)

  it('keeps nothing after it was locked', async () => {
    await page.getByRole('button', { name: 'Lock' }).click()
    await page.getByLabel('Your private key').waitFor()
    const left = await page.evaluate<string>(
      `JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage), document.cookie, document.body.innerText.includes('K7')])`,
    )
    expect(left).toBe('[[],[],"",false]')
    expect(await page.evaluate<number>(`indexedDB.databases().then((all) => all.length)`)).toBe(0)
  })

  it('opens from a link of the demo with its key, which leaves the address', async () => {
    const key = (await readFile(site.keyFile('reader-1'))).toString('base64url')
    // The page that is open has the same address: only a new one reads the fragment.
    await page.goto('about:blank')
    await page.goto(`${gateway.url}/read#demo=reader-1:${key}`)
    await page.getByRole('heading', { name: 'Worklist' }).waitFor()
    await page.getByText('Demo, no patients').waitFor()
    expect(page.url()).toBe(`${gateway.url}/read`)
    expect(await axe()).toEqual([])
  })

  it('asked nobody else, and broke no policy', () => {
    expect(
      asked.filter((url) => !url.startsWith(gateway.url) && !/^(blob|data):/.test(url)),
    ).toEqual([])
    expect(printed.filter((text) => /policy|TrustedScript|violat/i.test(text))).toEqual([])
  })

  /** By the debugger: the page's own policy allows no evaluation of text. */
  const until = async (claim: string): Promise<void> => {
    for (let tries = 0; tries < 100; tries += 1) {
      if (await page.evaluate<boolean>(claim)) return
      await page.waitForTimeout(100)
    }
    throw new Error(`never true: ${claim}`)
  }

  /** The letters of top, bottom, left and right, and how much of the light is in each half. */
  const lying = async () => ({
    letters: await page.evaluate<string>(EDGES),
    light: await page.evaluate<number[]>(LIGHT),
  })

  const pixels = async (): Promise<string> => {
    const shot = await page.locator('.stage').screenshot()
    return createHash('sha256').update(shot).digest('hex')
  }
})
