/** What every page is looked at for, and how a person signs in to it. */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

/** What axe-core finds in the state that the page is in. It runs in the debugger's world. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(await readFile('node_modules/axe-core/axe.min.js', 'utf8'))
  return page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].html.slice(0, 120)))`,
  )
}

/** The same, and anything wider than the window. */
export async function faultsOf(page: Page): Promise<string[]> {
  const wide = await page.evaluate<string[]>(
    `[...document.querySelectorAll('html, main')].filter((one) => one.scrollWidth > one.clientWidth + 1).map(() => 'scrolls sideways')`,
  )
  return [...(await axeFaults(page)), ...wide]
}

export async function signIn(page: Page, principal: string, keyFile: string): Promise<void> {
  await page.getByLabel('Your name at this gateway').fill(principal)
  await page.getByLabel('Your private key').setInputFiles(keyFile)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** `[[],[],"",false]` when the locked page keeps nothing, and shows nothing of the site. */
export async function leftAfterLock(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Lock' }).click()
  await page.getByLabel('Your private key').waitFor()
  return page.evaluate<string>(
    `JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage), document.cookie, document.body.innerText.includes('facility-a')])`,
  )
}
