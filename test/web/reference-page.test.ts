/**
 * The page at /reference in a real browser: it shows the whole document, breaks no rule of its
 * policy, and asks nobody else.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { ROUTES } from '../../src/protocol/http/routes.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { noChromium, startChromium } from './_chromium.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`

suite(`the reference in a browser${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  const asked: string[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    browser = await startChromium()
    page = await browser.newPage()
    page.on('request', (request) => asked.push(request.url()))
    page.on('console', (line) => {
      if (line.type() === 'error') complaints.push(line.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${gateway.url}/reference`)
    await page.getByRole('heading', { name: /Nocturne/ }).waitFor()
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  /** A long list is in the document only where it is scrolled to: scrolls through all of it. */
  const scrollThrough = async (look: () => Promise<boolean>): Promise<void> => {
    await page.evaluate('scrollTo(0, 0)')
    for (let isEnd = false; !isEnd;) {
      if (await look()) return
      isEnd = await page.evaluate<boolean>(
        `(scrollBy(0, innerHeight / 2), new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(scrollY + innerHeight >= document.documentElement.scrollHeight - 1)))))`,
      )
    }
    await look()
  }

  it('shows every route', async () => {
    await page.locator('.opblock').first().waitFor()
    const seen = new Set<string>()
    await scrollThrough(async () => {
      const shown = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.opblock')].map((one) => one.querySelector('.opblock-summary-method').textContent + ' ' + one.querySelector('.opblock-summary-path').dataset.path)`,
      )
      for (const one of shown) seen.add(one)
      return false
    })
    expect(Object.keys(ROUTES).filter((route) => !seen.has(route))).toEqual([])
  })

  it('opens one with its parameters, answers and errors', async () => {
    const route = page.locator('.opblock', { hasText: '/v1/transfers/{id}/items/{index}' }).first()
    await scrollThrough(async () => (await route.count()) > 0)
    await route.locator('.opblock-summary-control').click()
    await route.getByText('range_not_satisfiable').first().waitFor()
    expect(await route.getByText('If-Range').count()).toBeGreaterThan(0)
    expect(await route.getByRole('button', { name: 'Try it out' }).count()).toBe(0)
  })

  it('asks the gateway alone, and breaks no rule of its policy', () => {
    expect(asked.filter((url) => !url.startsWith(gateway.url) && !url.startsWith('data:'))).toEqual(
      [],
    )
    expect(complaints).toEqual([])
  })

  it('leads to the page of an error', async () => {
    await page.goto(`${gateway.url}/reference/errors/range_not_satisfiable`)
    await page.getByRole('heading', { name: 'range_not_satisfiable' }).waitFor()
    expect(complaints).toEqual([])
  })
})
