/** The page at /open as the gateway serves it, used as a reader would. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { sealBytes } from '../../src/seal/index.js'
import { newKey, readPrivateKey } from '../../src/seal/keys/keys.js'
import { toRecipient } from '../../src/seal/keys/certificate.js'
import { content } from '../seal/_seal.js'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import { noChromium, startChromium } from './_chromium.js'

const suite = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`

suite(`the page that opens sealed files${why}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let browser: Browser
  let page: Page
  const at = (name: string) => join(site.dir, '..', name)
  /** Addresses that the browser asked for. */
  const asked: string[] = []

  beforeAll(async () => {
    site = await makeSite()
    gateway = await site.start()
    const made = await newKey({ name: 'reader', passphrase: 'open sesame' })
    await writeFile(at('reader.asc'), made.privateKey)
    const recipient = await toRecipient('reader', made.certificate, new Date())
    const sealed = await sealBytes(content(300_000), recipient, new Date())
    await writeFile(at('1.dcm.pgp'), sealed)
    sealed.writeUInt8(sealed.readUInt8(1000) ^ 1, 1000)
    await writeFile(at('changed.dcm.pgp'), sealed)
    await writeFile(at('2.pgp'), await sealBytes(Buffer.from('%PDF-1.7'), recipient, new Date()))
    browser = await startChromium()
    page = await browser.newPage()
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${gateway.url}/open`)
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    await gateway.stop()
    await site.remove()
  })

  const rows = async () => {
    const found = await page.locator('tbody tr').all()
    return Promise.all(found.map((row) => row.locator('td').allTextContents()))
  }

  /**
   * What waits in the browser's storage. A folder that the page removes while we look at it holds
   * nothing.
   */
  const left = () =>
    page.evaluate<string[]>(`(async () => {
      const found = []
      for await (const [name, folder] of (await navigator.storage.getDirectory()).entries())
        try {
          for await (const file of folder.keys()) found.push(name.slice(0, 7) + '/' + file)
        } catch (error) {
          if (error.name !== 'NotFoundError') throw error
        }
      return found.sort()
    })()`)

  const pick = async (key: string, ...files: string[]) => {
    await page.getByLabel('Sealed files').setInputFiles(files.map(at))
    await page.getByLabel('Your private key').setInputFiles(key)
  }

  it('is under a policy that forbids every connection, and asks for nothing from elsewhere', async () => {
    const answer = await fetch(`${gateway.url}/open`)
    expect(answer.headers.get('content-security-policy')).toContain("connect-src 'none'")
    const reached = await page.evaluate<string>(
      `fetch('/healthz').then(() => 'sent', () => 'stopped')`,
    )
    expect(reached).toBe('stopped')
    expect(asked.filter((url) => !url.startsWith(`${gateway.url}/open`))).toEqual([])
  })

  it('says that the passphrase is wrong', async () => {
    await pick(at('reader.asc'), '2.pgp')
    await page.getByLabel('Passphrase').fill('wrong')
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText('The passphrase does not unlock this key.').waitFor()
  })

  it('opens what is sealed to the key, keeps nothing of what was changed, and goes on', async () => {
    await pick(at('reader.asc'), '1.dcm.pgp', 'changed.dcm.pgp', '2.pgp')
    await page.getByLabel('Passphrase').fill('open sesame')
    // As with the keyboard alone.
    await page.keyboard.press('Enter')
    await page.getByText('2 of 3 opened.').waitFor()
    expect(await rows()).toEqual([
      ['1.dcm.pgp', 'Opened, 300.0 KB', 'Save 1.dcm'],
      ['changed.dcm.pgp', expect.stringContaining('Not opened'), ''],
      ['2.pgp', 'Opened, 8 bytes', 'Save 2.pdf'],
    ])
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save 1.dcm' }).click(),
    ])
    expect((await readFile(await download.path())).equals(content(300_000))).toBe(true)
  })

  it('removes opened files when it is asked to, and those of a page that was closed', async () => {
    expect(await left()).toEqual(['opened-/1.dcm', 'opened-/2.pdf'])
    await page.getByRole('button', { name: 'Remove them now' }).click()
    await page.getByText('were removed from this browser').waitFor()
    expect(await left()).toEqual([])
    await pick(at('reader.asc'), '2.pgp')
    await page.getByLabel('Passphrase').fill('open sesame')
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText('1 of 1 opened.').waitFor()
    expect(await left()).toEqual(['opened-/2.pdf'])
    await page.reload()
    expect(await eventually(left, (found) => found.length === 0)).toEqual([])
  })

  it('opens what the gateway itself sealed, with the key that was made for the demo', async () => {
    const key = await readPrivateKey(await readFile(site.keyFile('reader-1'), 'utf8'))
    const recipient = await toRecipient('reader-1', key.certificate, new Date())
    await writeFile(at('3.txt.pgp'), await sealBytes(Buffer.from('hello'), recipient, new Date()))
    await pick(site.keyFile('reader-1'), '3.txt.pgp')
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByText('1 of 1 opened.').waitFor()
  })

  describe('of a whole transfer', () => {
    const [first, second] = [Buffer.from('%PDF-1.7 first'), Buffer.from('%PDF-1.7 the second')]

    beforeAll(async () => {
      const { body } = await upload(site, gateway, [
        { name: '1.pdf', bytes: first },
        { name: '2.pdf', bytes: second },
      ])
      const dumped = await nocturne('dump', body.id, '--site', site.dir, '--out', at('dump'))
      expect(dumped.stderr).toBe('')
    }, 60_000)

    /** What the page says of a copy of the dumped folder, in the end. */
    async function openCopy(
      name: string,
      spoil: (folder: string) => Promise<void> = () => Promise.resolve(),
      certificate: string | undefined = 'gateway',
    ): Promise<string> {
      await cp(at('dump'), at(name), { recursive: true })
      await spoil(at(name))
      await page.reload()
      await page.getByLabel('Or the folder of a whole transfer').setInputFiles(at(name))
      if (certificate !== '')
        await page
          .getByLabel('Certificate of the gateway')
          .setInputFiles(join(site.dir, `keys/${certificate}.asc`))
      await page.getByLabel('Your private key').setInputFiles(site.keyFile('reader-1'))
      await page.getByRole('button', { name: 'Open', exact: true }).click()
      const state = page.getByRole('status').filter({ hasText: /^(?!Opening).+/ })
      await state.waitFor()
      return (await state.textContent()) ?? ''
    }

    it('opens each item as the manifest names it that the gateway signed', async () => {
      expect(await openCopy('whole')).toMatch(
        /^2 of 2 opened; they match the manifest that the gateway signed on \d{4}-\d\d-\d\d\.$/,
      )
      expect(await rows()).toEqual([
        ['0001', 'Opened, 14 bytes', 'Save 0001.pdf'],
        ['0002', 'Opened, 19 bytes', 'Save 0002.pdf'],
      ])
      expect(await left()).toEqual(['opened-/0001.pdf', 'opened-/0002.pdf'])
    })

    it('says which item is not the one that was signed for, and keeps nothing of it', async () => {
      const swap = (folder: string) => cp(join(folder, '0001.data'), join(folder, '0002.data'))
      expect(await openCopy('swapped', swap)).toContain('1 of 2 opened')
      expect((await rows())[1]).toEqual(['0002', expect.stringContaining('Does not match'), ''])
      expect(await left()).toEqual(['opened-/0001.pdf'])
    })

    it('says which item is missing, and takes none that nobody signed for', async () => {
      const renumber = async (folder: string) => {
        const path = join(folder, 'transfer.json')
        const list = JSON.parse(await readFile(path, 'utf8')) as { items: { index: number }[] }
        list.items[1]!.index = 7
        await writeFile(path, JSON.stringify(list))
      }
      expect(await openCopy('renumbered', renumber)).toContain('Items missing from the folder: 2.')
      expect((await rows())[1]).toEqual(['0007', expect.stringContaining('Does not match'), ''])
    })

    it('opens nothing under the signature of somebody else, and asks for a certificate', async () => {
      expect(await openCopy('other', undefined, 'officer-1')).toContain('Nothing was opened')
      expect(await openCopy('none', undefined, '')).toContain(
        'Select the certificate of the gateway',
      )
      const bare = (folder: string) => rm(join(folder, 'transfer.json'))
      expect(await openCopy('bare', bare)).toContain('This is not the folder of a transfer')
      expect(await left()).toEqual([])
    })
  })
})
