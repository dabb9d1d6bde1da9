import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { INDEPENDENT_READER, independentMissing, openIndependently } from '../seal/_independent.js'
import { makeSite, nocturne } from './_gateway.js'
import type { TestSite } from './_gateway.js'
import { upload } from './_http.js'
import { makeStudy } from './_study.js'

const independently = independentMissing === undefined ? it : it.skip
const why = independentMissing === undefined ? '' : ` (skipped: ${independentMissing})`

describe('a stored transfer', () => {
  let site: TestSite
  let id: string
  const at = (name: string) => join(site.dir, '..', name)

  beforeAll(async () => {
    site = await makeSite()
    const files = await makeStudy(at('study'), '--instances', '3', '--size', '500')
    const gateway = await site.start()
    id = (await upload(site, gateway, files)).body.id
    await nocturne(
      ...['pull', id, '--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
      ...['--key', site.keyFile('reader-1'), '--out', at('out')],
    )
    await gateway.stop()
  }, 120_000)

  afterAll(() => site.remove())

  it('is written to files as stored, sealed', async () => {
    const done = await nocturne('dump', id, '--site', site.dir, '--out', at('dump'), '--json')
    expect([done.status, done.stderr]).toEqual([0, ''])
    expect(JSON.parse(done.stdout)).toMatchObject({
      items: 3,
      recipients: ['reader-1', 'recovery'],
    })
    const again = await nocturne('dump', id, '--site', site.dir, '--out', at('dump'), '--json')
    expect(again.status).toBe(1)
  })

  independently(`is opened from these files alone by forty lines of Python${why}`, async () => {
    const lines = (await readFile(INDEPENDENT_READER, 'utf8')).trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(40)
    const key = await readFile(site.keyFile('reader-1'), 'utf8')
    await openIndependently(at('dump'), key, 'reader-1', at('opened'))
    const manifest = JSON.parse(await readFile(join(at('out'), id, 'manifest.json'), 'utf8')) as {
      items: { index: number; plaintext: { sha256: string } }[]
    }
    expect(manifest.items).toHaveLength(3)
    for (const { index, plaintext } of manifest.items) {
      const bytes = await readFile(join(at('opened'), String(index)))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(plaintext.sha256)
    }
  })

  /** Opens a copy of the dump after applying `change` to it. */
  const openCopy = async (
    name: string,
    change: (folder: string) => Promise<void>,
    ...words: readonly string[]
  ) => {
    const folder = at(`dump-${name}`)
    await cp(at('dump'), folder, { recursive: true })
    await change(folder)
    return nocturne(
      ...['open', folder, '--key', site.keyFile('reader-1'), '--out', at(`out-${name}`)],
      ...['--gateway-certificate', join(site.dir, 'keys/gateway.asc'), '--json', ...words],
    )
  }

  it('is opened by the command from these files, each item as named in the signed manifest', async () => {
    const done = await openCopy('whole', () => Promise.resolve())
    expect([done.status, done.stderr]).toEqual([0, ''])
    expect(JSON.parse(done.stdout)).toMatchObject({
      files: [{ id, items: 3, opened: 3, isWhole: true }],
    })
    const names = async (dir: string) =>
      (await readdir(join(dir, id), { recursive: true }))
        .filter((name) => /\.dcm$|manifest/.test(name))
        .sort()
    expect(await names(at('out-whole'))).toEqual(await names(at('out')))
  })

  const change = async (file: string, by: (text: string) => string) =>
    writeFile(file, by(await readFile(file, 'utf8')))
  const edit = async (folder: string, by: (list: { items: { index: number }[] }) => void) => {
    const path = join(folder, 'transfer.json')
    const list = JSON.parse(await readFile(path, 'utf8')) as { items: { index: number }[] }
    by(list)
    await writeFile(path, JSON.stringify(list))
  }
  const changes: [string, number, (folder: string) => Promise<void>][] = [
    [
      'changed',
      2,
      async (folder) => {
        const path = join(folder, '0002.data')
        const bytes = await readFile(path)
        bytes.writeUInt8(bytes.readUInt8(300_000) ^ 1, 300_000)
        await writeFile(path, bytes)
      },
    ],
    ['cut to nothing', 1, (folder) => writeFile(join(folder, '0001.data'), '')],
    [
      'swapped with another',
      3,
      (folder) => cp(join(folder, '0001.data'), join(folder, '0003.data')),
    ],
    ['left out of the list', 2, (folder) => edit(folder, (list) => void list.items.splice(1, 1))],
    [
      'added',
      7,
      (folder) => edit(folder, (list) => void list.items.push({ ...list.items[0]!, index: 7 })),
    ],
  ]
  it.each(changes)(
    'is incomplete when an item is %s, and item %i is named',
    async (name, index, spoil) => {
      const done = await openCopy(name.replaceAll(' ', '-'), spoil)
      expect(done.status).toBe(1)
      expect(done.stderr.match(/error: .*/g)).toEqual([
        `error: the items do not match the manifest: item ${index}`,
      ])
      expect(JSON.parse(done.stdout)).toMatchObject({
        files: [{ opened: index === 7 ? 3 : 2, isWhole: false }],
      })
    },
  )

  it('is not opened without the signing gateway’s certificate, or with another one', async () => {
    const words = ['open', at('dump'), '--key', site.keyFile('reader-1'), '--out', at('none')]
    const without = await nocturne(...words)
    expect(without.status).toBe(2)
    expect(without.stderr).toContain('--gateway-certificate')
    const other = join(site.dir, 'keys/officer-1.asc')
    const wrong = await nocturne(...words, '--gateway-certificate', other)
    expect(wrong.status).toBe(1)
    expect(wrong.stderr).toContain("the gateway's signature is not valid: the manifest")
  })

  it("is opened with the ledger's key, which vouches for the manifest and its time", async () => {
    const key = ['--ledger-key', join(site.dir, 'keys/ledger.vkey')]
    const done = await openCopy('logged', () => Promise.resolve(), ...key)
    expect([done.status, done.stderr]).toEqual([0, ''])
    const [report] = (JSON.parse(done.stdout) as { files: Record<string, unknown>[] }).files
    expect(report).toMatchObject({ isWhole: true, hasKeyEnded: false })
    const since = Date.parse(String(report?.loggedAt)) - Date.parse(String(report?.signedAt))
    // A signature has a resolution of one second.
    expect(since).toBeGreaterThanOrEqual(0)
  })

  it.each([
    ['of another entry', (folder: string) => cp(join(at('out'), id, 'receipt.tlog-proof'), folder)],
    ['changed', (folder: string) => change(folder, (text) => text.replace('index ', 'index 1'))],
    ['missing', (folder: string) => rm(folder)],
  ])("is not opened when the ledger's proof is %s", async (name, spoil) => {
    const key = ['--ledger-key', join(site.dir, 'keys/ledger.vkey')]
    const spoiled = (folder: string) => spoil(join(folder, 'available.tlog-proof'))
    const done = await openCopy(`proof ${name}`, spoiled, ...key)
    expect(done.status).toBe(1)
    expect(done.stdout).toMatch(/manifest_not_logged|file_unreadable/)
    await expect(readdir(at(`out-proof ${name}`))).resolves.toEqual([])
  })
})
