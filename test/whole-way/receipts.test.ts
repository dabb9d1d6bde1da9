/**
 * Receipts of downloads: the reader that fetched can verify one offline, with independent programs,
 * and nobody else can get it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne, ROOT, run } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { issueToken, makeReader, setReaders } from './_people.js'
import { makeStudy } from './_study.js'

const ITEMS = 3

const hasPython = await run('python3', ['-c', 'import cryptography']).then(
  ({ status }) => status === 0,
  () => false,
)
const withPython = hasPython ? it : it.skip
const skipped = hasPython ? '' : ' (skipped: needs python3 with python3-cryptography)'

describe('a download', () => {
  let site: TestSite
  let gateway: RunningGateway
  let id: string
  let event: string
  const at = (name: string) => join(site.dir, '..', name)
  const as = async (name: string, path: string) =>
    call(gateway, 'GET', path, { token: await site.token(name) })
  const receipts = (of = id) => `/v1/transfers/${of}/receipts`
  const verify = (file: string) =>
    nocturne('audit', 'verify', file, '--ledger-key', join(site.dir, 'keys/ledger.vkey'))

  beforeAll(async () => {
    site = await makeSite()
    await makeReader(site, 'reader-2')
    await setReaders(site, 'reader-1', 'reader-2')
    await issueToken(site, 'reader-2')
    const files = await makeStudy(at('study'), '--instances', String(ITEMS), '--size', '64')
    gateway = await site.start()
    id = (await upload(site, gateway, files)).body.id
    const answer = await as('reader-1', `/v1/transfers/${id}/items/2`)
    event = answer.headers.get('nocturne-event') ?? ''
  }, 120_000)
  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  it('returns its event, whose receipt shows reader, item, key and time', async () => {
    const receipt = await as('reader-1', `${receipts()}/${event}`)
    expect([receipt.status, receipt.headers.get('content-type')]).toEqual([
      200,
      'text/plain; charset=utf-8',
    ])
    await writeFile(at('one.tlog-proof'), receipt.text)
    const { stdout, status } = await verify(at('one.tlog-proof'))
    expect(status).toBe(0)
    expect(stdout).toMatch(`the receipt verifies: entry ${event} of a log of `)
    expect(stdout).toMatch(/download\.begun by reader-1 at \d{4}-\S+Z, transfer [0-9a-f-]{36}\/2\n/)
  })

  it('gives its receipt to nobody else, with the same answer as for a missing one', async () => {
    await as('reader-2', `/v1/transfers/${id}/items/2`)
    for (const name of ['reader-2', 'facility-a']) {
      const refused = await as(name, `${receipts()}/${event}`)
      const missing = await as(name, `${receipts()}/999999`)
      expect([refused.status, refused.body.code]).toEqual([404, 'not_found'])
      expect({ ...refused.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' })
      const own = (await as(name, receipts())).text.trim().split('\n').slice(1)
      const actors = own.map(
        (line) => (JSON.parse(line) as { entry: { actor: { id: string } } }).entry.actor.id,
      )
      expect([...new Set(actors)]).toEqual([name])
    }
    for (const name of ['officer-1', 'operator-1'])
      expect((await as(name, receipts())).status).toBe(name === 'officer-1' ? 403 : 404)
    for (const index of ['-1', '01', '1e3', '9'.repeat(16)])
      expect((await as('reader-1', `${receipts()}/${index}`)).status).toBe(404)
    const other = id.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    const elsewhere = await as('reader-1', `${receipts(other)}/${event}`)
    expect(elsewhere.status).toBe(404)
  })

  it('has refusals to others recorded in the ledger', async () => {
    const path = `/v1/audit/events?type=access.refused&actor=reader-2&transfer=${id}`
    const { body } = await as('officer-1', path)
    expect(body.events).toMatchObject([
      { entry: { detail: { action: 'receipt.read', rule: 'not their event' } } },
      { entry: { detail: { action: 'receipt.read' } } },
    ])
  })

  describe('of a whole transfer by nocturne pull', () => {
    let file: string
    beforeAll(async () => {
      const pulled = await nocturne(
        ...['pull', id, '--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
        ...['--key', site.keyFile('reader-1'), '--out', at('out')],
      )
      expect(pulled).toMatchObject({ status: 0, stderr: '' })
      file = at(`out/${id}/receipts.ndjson`)
    }, 60_000)

    it('leaves one file that proves the begin and end of each item, and verifies offline', async () => {
      const [, ...lines] = (await readFile(file, 'utf8')).trim().split('\n')
      const entries = lines.map(
        (line) => (JSON.parse(line) as { entry: Record<string, unknown> }).entry,
      )
      const pairs = (type: string) =>
        entries.filter((one) => one.type === type).map(({ item }) => item)
      // The manifest is item 0, and the second item was fetched before.
      const expected = [0, 1, 2, 2, 3]
      expect(pairs('download.begun').toSorted()).toEqual(expected)
      expect(pairs('download.ended').toSorted()).toEqual(expected)
      expect(entries.map(({ type }) => type)).toEqual(
        expect.arrayContaining(['transfer.claimed', 'transfer.acknowledged']),
      )
      const { status, stdout } = await verify(file)
      expect(status).toBe(0)
      expect(stdout).toMatch(`the export verifies: ${lines.length} events of a log of `)
    })

    it('reports the index of the event at which the file was altered', async () => {
      const text = await readFile(file, 'utf8')
      const lines = text.trim().split('\n')
      const at2 = lines.findIndex((line) => line.includes('download.ended'))
      const { index } = JSON.parse(lines[at2] ?? '') as { index: number }
      const changed = lines.with(at2, (lines[at2] ?? '').replace('"bytes":', '"bytes":1'))
      await writeFile(`${file}.changed`, changed.join('\n'))
      const { status, stdout } = await verify(`${file}.changed`)
      expect(status).toBe(1)
      expect(stdout).toContain('does not verify: an entry differs from the logged one')
      expect(stdout).toContain(`the first invalid index is ${index}\n`)
      const receipt = await readFile(at('one.tlog-proof'), 'utf8')
      await writeFile(at('two.tlog-proof'), receipt.replace(`index ${event}`, 'index 1'))
      expect((await verify(at('two.tlog-proof'))).stdout).toContain('does not verify: ')
    })

    withPython(`is read by a second implementation as well${skipped}`, async () => {
      const reader = join(ROOT, 'test/ledger/second_reader.py')
      const key = (await readFile(join(site.dir, 'keys/ledger.vkey'), 'utf8')).trim()
      const read = (path: string) => run('python3', [reader, '--export', path, key])
      const { status, stdout } = await read(file)
      expect(status).toBe(0)
      const { query, events } = JSON.parse(stdout) as { query: unknown; events: string[] }
      expect(query).toEqual({ actor: 'reader-1', transfer: id })
      expect(events.filter((type) => type === 'download.begun')).toHaveLength(ITEMS + 2)
      expect(await read(`${file}.changed`)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('does not lead to the root'),
      })
    })
  })
})
