/** A key that the browser keeps: passphrase, passkey, recovery sheet; and the profile on disk. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decryptKey, readPrivateKey } from 'openpgp'
import type { BrowserContext, Page } from 'playwright-core'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { makeStudy } from '../whole-way/_study.js'
import { noChromium, startChromiumIn } from './_chromium.js'
import { faultsOf, signIn } from './_page.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`
const PASSPHRASE = 'seven lamps burn at night'
/** In a document of the study. */
const PLANTED = 'HINDENBURG'

suite(`a key that the browser keeps${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let context: BrowserContext
  let page: Page
  let read = ''
  let code = ''
  const at = (name: string) => join(site.dir, '..', name)

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    await makeStudy(at('study'), '--instances', '2', '--size', '64')
    await writeFile(at('study/request.txt'), `Reason: fall. ${PLANTED}`)
    const as = ['--gateway', gateway.url, '--token-file', site.tokenFile('facility-a')]
    expect(await nocturne('send', at('study'), ...as)).toMatchObject({ status: 0 })
    // A passkey belongs to a name; an address has none.
    read = `${gateway.url.replace('127.0.0.1', 'localhost')}/read`
    context = await startChromiumIn(at('profile'))
    page = context.pages()[0] ?? (await context.newPage())
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal' },
        ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true, hasPrf: true },
        automaticPresenceSimulation: true,
      },
    })
  }, 180_000)

  afterAll(async () => {
    await context.close()
    await gateway.stop()
    await site.remove()
  })

  const myKey = async () => {
    await page.getByRole('button', { name: 'My key' }).click()
    await page.getByRole('dialog', { name: 'My key' }).waitFor()
  }
  const lock = async () => {
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Lock' }).click()
    await page.getByRole('region', { name: 'Key of reader-1' }).waitFor()
  }
  const isIn = () => page.getByRole('heading', { name: 'Worklist' }).waitFor()

  it('is kept under a passphrase, and a passkey is refused on an address', async () => {
    await page.goto(`${gateway.url}/read`)
    await signIn(page, 'reader-1', site.keyFile('reader-1'))
    await myKey()
    await page.getByText('open this page by its name, which is localhost').waitFor()
    await page.goto(read)
    await signIn(page, 'reader-1', site.keyFile('reader-1'))
    await myKey()
    await page.getByText('This device does not keep your key').waitFor()
    expect(await faultsOf(page)).toEqual([])
    await page.getByLabel('New passphrase').fill(PASSPHRASE)
    await page.getByLabel('The passphrase again').fill(PASSPHRASE)
    await page.getByRole('button', { name: 'Keep it here with this passphrase' }).click()
    await page.getByText('It is opened by a passphrase.').waitFor({ timeout: 30_000 })
    await lock()
    expect(await faultsOf(page)).toEqual([])
    await page.getByLabel('Passphrase').fill('another one entirely')
    await page.getByRole('button', { name: 'Unlock and sign in' }).click()
    await page.getByRole('alert').getByText('does not unlock').waitFor({ timeout: 30_000 })
    await page.getByLabel('Passphrase').fill(PASSPHRASE)
    await page.getByRole('button', { name: 'Unlock and sign in' }).click()
    await isIn()
  }, 120_000)

  it('is opened by a passkey', async () => {
    await myKey()
    await page.getByRole('button', { name: 'Keep it here with a passkey' }).click()
    await page.getByText('It is opened by a passphrase or a passkey.').waitFor()
    await lock()
    await page.getByRole('button', { name: 'Sign in with the passkey' }).click()
    await isIn()
  }, 60_000)

  it('is opened by the code of a recovery sheet, as the saved file is', async () => {
    await myKey()
    await page.getByRole('button', { name: 'Make a recovery sheet' }).click()
    const sheet = page.getByRole('region', { name: 'Recovery sheet' })
    await sheet.waitFor()
    expect(await faultsOf(page)).toEqual([])
    code = (await sheet.locator('.words').textContent()) ?? ''
    const saving = page.waitForEvent('download')
    await sheet.getByRole('button', { name: 'Save reader-1-recovery.asc' }).click()
    await (await saving).saveAs(at('recovery.asc'))
    await sheet.getByRole('button', { name: 'Done' }).click()
    await page.getByText('a passphrase, a passkey, or a recovery code').waitFor()
    await lock()
    await page.getByLabel('Passphrase').fill(code.toLowerCase().replaceAll('-', ' '))
    await page.getByRole('button', { name: 'Unlock and sign in' }).click()
    await isIn()
    const privateKey = await readPrivateKey({
      armoredKey: await readFile(at('recovery.asc'), 'utf8'),
    })
    await expect(decryptKey({ privateKey, passphrase: code })).resolves.toBeDefined()
  }, 60_000)

  it('leaves nothing on the disk that opens without its owner', async () => {
    await page.getByRole('row').filter({ hasText: 'facility-a' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Claim and open' }).press('Enter')
    await page.getByText('1 / 2').waitFor({ timeout: 60_000 })
    await page.keyboard.press('d')
    await page.locator('.paper').getByText(PLANTED).waitFor()
    await page.keyboard.press('Escape')
    await lock()
    expect(await page.locator('body').innerText()).not.toContain(PLANTED)
    const secrets = await secretsOf(site.keyFile('reader-1'))
    const planted = [PLANTED, PASSPHRASE, code, code.replaceAll('-', '')].map((text) =>
      Buffer.from(text),
    )
    expect(await foundIn(at('profile'), [...secrets, ...planted])).toEqual([])
    await context.close()
    expect(await foundIn(at('profile'), [...secrets, ...planted])).toEqual([])
    // The search would find it: the name under which the key is kept is there.
    expect(await foundIn(at('profile'), [Buffer.from('BEGIN PGP PRIVATE')])).not.toEqual([])
  }, 120_000)

  it('is still there the next day, and gone once it is forgotten', async () => {
    context = await startChromiumIn(at('profile'))
    page = context.pages()[0] ?? (await context.newPage())
    await page.goto(read)
    await page.getByLabel('Passphrase').fill(PASSPHRASE)
    await page.getByRole('button', { name: 'Unlock and sign in' }).click()
    await isIn()
    await lock()
    await page.getByRole('button', { name: 'Forget this key…' }).click()
    await page.getByRole('button', { name: 'Remove it from this device' }).click()
    await page.getByLabel('Your private key').waitFor()
    expect(await page.evaluate<number>(`indexedDB.databases().then((all) => all.length)`)).toBe(0)
  }, 60_000)
})

/** The secret numbers of a key as openpgp holds them, and as the file has them. */
async function secretsOf(path: string): Promise<readonly Buffer[]> {
  const armored = await readFile(path, 'utf8')
  const key = await readPrivateKey({ armoredKey: armored })
  const numbers = [key, ...key.subkeys].flatMap(({ keyPacket }) => {
    const { privateParams } = keyPacket as { privateParams?: Record<string, Uint8Array> }
    return Object.values(privateParams ?? {}).map((octets) => Buffer.from(octets))
  })
  expect(numbers.every(({ length }) => length >= 16)).toBe(true)
  const lines = armored.split('\n').filter((line) => line.length === 60)
  return [...numbers, ...lines.slice(-2).map((line) => Buffer.from(line))]
}

/** Files of a folder that hold one of the texts, as octets or in UTF-16. */
async function foundIn(folder: string, texts: readonly Buffer[]): Promise<string[]> {
  const sought = texts.flatMap((text) => [text, Buffer.from(text.toString('latin1'), 'utf16le')])
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of files.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path).catch(() => Buffer.alloc(0))
    if (sought.some((text) => content.includes(text))) found.push(path)
  }
  return found
}
