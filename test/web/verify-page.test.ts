import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Uint8ArrayReader } from '@zip.js/zip.js/index-native.js'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openZip, zipOf } from '../../src/lib/zip.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { noChromium, startChromium } from './_chromium.js'

const ifChromium = noChromium === undefined ? describe : describe.skip
const why = noChromium === undefined ? '' : ` (skipped: ${noChromium})`

async function* once(bytes: Uint8Array) {
  yield await Promise.resolve(bytes)
}

ifChromium(`verify.html, opened from a disk in Chromium${why}`, () => {
  let dir = ''
  let site: TestSite
  let browser: Browser
  let page: Page
  let key = ''
  const requests: string[] = []
  const errors: string[] = []
  /** What each export holds, by the names of its files. */
  const exports = new Map<string, Map<string, Buffer>>()

  const pack = async (name: string, files: ReadonlyMap<string, Buffer>) => {
    const chunks: Uint8Array[] = []
    const members = [...files].map(([member, bytes]) => ({ name: member, content: once(bytes) }))
    for await (const chunk of zipOf(members)) chunks.push(chunk)
    await writeFile(join(dir, name), Buffer.concat(chunks))
    return join(dir, name)
  }
  const unpack = async (file: string) => {
    const zip = await openZip(new Uint8ArrayReader(await readFile(file)))
    const files = new Map<string, Buffer>()
    for (const name of zip!.names) {
      const chunks: Uint8Array[] = []
      for await (const chunk of zip!.open(name)!) chunks.push(chunk)
      files.set(name, Buffer.concat(chunks))
    }
    return files
  }
  const give = async (...files: readonly string[]) => {
    await page.goto(pathToFileURL(join(dir, 'verify.html')).href)
    await page.setInputFiles('#files', [...files])
    await page.waitForSelector('body[data-state=good], body[data-state=bad]')
    return (await page.innerText('#verdict')).replace(/\s+/g, ' ')
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nocturne-verify-page-'))
    site = await makeSite({ parent: dir })
    const exportTo = async (name: string, ...words: readonly string[]) => {
      const out = ['--out', join(dir, `${name}.zip`), '--site', site.dir]
      const { status, stderr } = await nocturne('audit', 'export', ...words, ...out)
      if (status !== 0) throw new Error(stderr)
    }
    for (const format of ['csv', 'ndjson', 'fhir', 'dicom'])
      await exportTo(format, '--format', format)
    await exportTo('tokens', '--format', 'csv', '--type', 'token.issued')
    for (const name of ['csv', 'ndjson', 'fhir', 'dicom', 'tokens'])
      exports.set(name, await unpack(join(dir, `${name}.zip`)))
    await writeFile(join(dir, 'verify.html'), exports.get('csv')!.get('verify.html')!)
    key = (await readFile(join(site.dir, 'keys', 'ledger.vkey'), 'utf8')).trim()
    browser = await startChromium()
    page = await browser.newPage()
    page.on('request', (request) => requests.push(request.url()))
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => errors.push(message.text()))
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await rm(dir, { recursive: true, force: true })
  })

  it.each(['csv', 'ndjson', 'fhir', 'dicom'])('verifies an export as %s', async (format) => {
    expect(await give(join(dir, `${format}.zip`))).toMatch(/^Verified All \d+ events/)
    expect(await page.innerText('#question')).toBe('Every event of the log.')
    expect(await page.innerText('#facts')).toContain('site (operator)')
  })

  it('shows the events, finds in them, and opens one whole', async () => {
    await give(join(dir, 'csv.zip'))
    const rows = () => page.locator('tbody tr[data-index]').count()
    const all = await rows()
    expect(all).toBeGreaterThan(4)
    await page.fill('#table input', 'token issued')
    expect(await rows()).toBe(4)
    expect(await page.innerText('.told')).toBe(`4 of ${all} verified events match`)
    await page.click('tbody tr[data-index] button >> nth=0')
    expect(await page.innerText('.more:visible')).toContain('"nonce"')
  })

  it('says what a filtered export does not show', async () => {
    await give(join(dir, 'csv.zip'))
    expect(await page.isVisible('#limits-filter')).toBe(false)
    expect(await give(join(dir, 'tokens.zip'))).toMatch(/All 4 events/)
    expect(await page.isVisible('#limits-filter')).toBe(true)
    expect(await page.innerText('#question')).toBe('Events of the types token.issued.')
  })

  it('compares the key that the reader has', async () => {
    await give(join(dir, 'csv.zip'))
    const says = () => page.getAttribute('#key-answer', 'data-says')
    expect(await says()).toBe('none')
    for (const [text, answer] of [
      [`${key}\n`, 'same'],
      ['something', 'no-key'],
      ['sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8', 'other'],
    ] as const) {
      await page.fill('#key', text)
      await page.waitForSelector(`#key-answer[data-says=${answer}]`)
    }
  })

  it('accepts the files of an unpacked ZIP, too', async () => {
    const paths: string[] = []
    for (const [name, bytes] of exports.get('csv')!) {
      await writeFile(join(dir, name), bytes)
      paths.push(join(dir, name))
    }
    expect(await give(...paths)).toContain('Verified')
  })

  it('verifies in a browser that has no Ed25519 of its own', async () => {
    const old = await browser.newPage()
    await old.addInitScript(
      `SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'))`,
    )
    await old.goto(pathToFileURL(join(dir, 'verify.html')).href)
    await old.setInputFiles('#files', join(dir, 'csv.zip'))
    await old.waitForSelector('body[data-state=good], body[data-state=bad]')
    expect(await old.innerText('#verdict')).toContain('Verified')
    await old.close()
  })

  const flip = (bytes: Buffer, at: number) => {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    return changed
  }
  const replaceIn =
    (name: string, change: (text: string) => string) => (files: Map<string, Buffer>) =>
      files.set(name, Buffer.from(change(files.get(name)!.toString())))
  const withoutLine = (n: number) => (text: string) => text.split('\n').toSpliced(n, 1).join('\n')

  it.each<[string, (files: Map<string, Buffer>) => unknown, RegExp]>([
    [
      'one byte of an event flipped',
      (files) => {
        const events = files.get('events.ndjson')!
        const third = events.indexOf('"nonce":"', events.indexOf('"index":2}'))
        files.set('events.ndjson', flip(events, third + 12))
      },
      /number 3 is the first invalid one: an event differs from the logged one/,
    ],
    [
      'an event dropped',
      replaceIn('events.ndjson', withoutLine(2)),
      /number 2 is the first invalid one: an event is missing/,
    ],
    [
      'a row of the CSV dropped',
      replaceIn('events.csv', withoutLine(3)),
      /number 2 is the first invalid one: events.csv differs from the log/,
    ],
    [
      'a cell of the CSV changed',
      replaceIn('events.csv', (text) => text.replace('"1","20', '"1","19')),
      /number 1 is the first invalid one: events.csv/,
    ],
    [
      'the checkpoint of another export',
      (files) => files.set('checkpoint', exports.get('dicom')!.get('checkpoint')!),
      /the proof does not lead to the signed root/,
    ],
    [
      'a checkpoint that nobody signed',
      replaceIn('checkpoint', (text) => text.replace(/\n(\d+)\n/, '\n9$1\n')),
      /not signed by the trusted key/,
    ],
    [
      'another name in query.json',
      replaceIn('query.json', (text) => text.replace('"by":"site"', '"by":"none"')),
      /according to the log, a different export was requested/,
    ],
    ['no proof', (files) => files.delete('proof.txt'), /proof.txt is missing/],
  ])('does not verify with %s, and says where', async (_, change, problem) => {
    const files = new Map(exports.get('csv'))
    change(files)
    const text = await give(await pack('changed.zip', files))
    expect(text).toContain('Verification failed')
    expect(text).toMatch(problem)
  })

  it('says of a damaged ZIP that it is damaged', async () => {
    const zip = await readFile(join(dir, 'csv.zip'))
    await writeFile(join(dir, 'cut.zip'), zip.subarray(0, zip.length - 40))
    expect(await give(join(dir, 'cut.zip'))).toMatch(/Verification failed.*corrupt/)
  })

  it('never asked for anything but itself, and never complained', () => {
    expect(requests.length).toBeGreaterThan(0)
    expect(requests.filter((url) => !/^(file|blob):/.test(url))).toEqual([])
    expect(errors).toEqual([])
  })
})
