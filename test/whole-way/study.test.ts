import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'
import type { AnswerBody } from './_http.js'
import { makeStudy } from './_study.js'

/** From the Pixel Data element of an explicit VR little endian file to its end. */
const pixelsOf = (file: Buffer): Buffer =>
  file.subarray(file.lastIndexOf(Buffer.from('e07f10004f57', 'hex')) + 12)
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('a study from the facility to the radiologist', () => {
  let site: TestSite
  let gateway: RunningGateway
  let files: string[]
  let id: string

  const live = (principal: string) => [
    '--gateway',
    gateway.url,
    '--token-file',
    site.tokenFile(principal),
  ]

  beforeAll(async () => {
    site = await makeSite()
    files = await makeStudy(
      join(site.dir, '../study'),
      '--instances',
      '6',
      '--size',
      '128',
      '--document',
    )
    gateway = await site.start()
  }, 120_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  it('is accepted completely, with a receipt that verifies offline', async () => {
    const sent = await nocturne(
      'send',
      join(site.dir, '../study'),
      ...live('facility-a'),
      '--priority',
      'stat',
      '--json',
    )
    expect(sent).toMatchObject({ status: 0, stderr: '' })
    const answer = JSON.parse(sent.stdout) as AnswerBody
    expect(answer.state).toBe('available')
    expect(answer.items?.map(({ outcome }) => outcome)).toEqual(files.map(() => 'accepted'))
    expect(answer.receipt).toMatch(/^c2sp\.org\/tlog-proof@v1\n/)
    id = answer.id
  })

  it('waits in the inbox of the group, and reveals nothing about the patient', async () => {
    const inbox = await nocturne('inbox', ...live('reader-1'), '--json')
    const [first] = JSON.parse(inbox.stdout).transfers
    expect(first).toMatchObject({
      id,
      facility: 'facility-a',
      group: 'nights',
      priority: 'stat',
      state: 'available',
      items: files.length,
    })
    expect(inbox.stdout).not.toMatch(/DEMO/)
  })

  it('opens with the reader’s own key: original pixels, another identity', async () => {
    const key = ['--key', site.keyFile('reader-1')]
    expect(await nocturne('claim', id, ...live('reader-1'), ...key)).toMatchObject({ status: 0 })
    const out = join(site.dir, '../opened')
    const pulled = await nocturne(
      'pull',
      id,
      ...live('reader-1'),
      '--key',
      site.keyFile('reader-1'),
      '--out',
      out,
    )
    expect(pulled).toMatchObject({ status: 0 })
    const opened = (await readdir(join(out, id), { recursive: true })).filter((name) =>
      name.endsWith('.dcm'),
    )
    const instances = files.filter((name) => name.endsWith('.dcm'))
    expect(opened).toHaveLength(instances.length)
    const pixels = async (names: readonly string[]) =>
      (await Promise.all(names.map(async (name) => sha256(pixelsOf(await readFile(name)))))).sort()
    expect(await pixels(opened.map((name) => join(out, id, name)))).toEqual(await pixels(instances))
    for (const name of opened) {
      const bytes = await readFile(join(out, id, name))
      expect(bytes.includes('DEMO^')).toBe(false)
      expect((await stat(join(out, id, name))).mode & 0o077).toBe(0)
    }
  })

  it('is acknowledged with the reader’s signature, and leaves the inbox', async () => {
    const view = await call(gateway, 'GET', `/v1/transfers/${id}`, {
      token: await site.token('facility-a'),
    })
    expect(view.body).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'reader-1' })
    const inbox = await nocturne('inbox', ...live('reader-1'), '--json')
    expect(JSON.parse(inbox.stdout).transfers).toEqual([])
  })

  it('is in the ledger from begin to acknowledgement, and the ledger verifies', async () => {
    const query = await nocturne('audit', 'query', '--transfer', id, ...live('officer-1'), '--json')
    const { events } = JSON.parse(query.stdout) as { events: { entry: { type: string } }[] }
    const types = events.map(({ entry }) => entry.type)
    expect(types[0]).toBe('transfer.begun')
    for (const type of [
      'item.accepted',
      'transfer.available',
      'transfer.claimed',
      'download.begun',
      'download.ended',
      'transfer.acknowledged',
    ])
      expect(types).toContain(type)
    // The manifest twice: the claim needs it for its proof.
    expect(types.filter((type) => type === 'download.begun')).toHaveLength(files.length + 2)
    expect(types.filter((type) => type === 'download.ended')).toHaveLength(files.length + 2)
    expect(await nocturne('audit', 'verify', ...live('officer-1'))).toMatchObject({ status: 0 })
    expect(await nocturne('audit', 'verify', '--site', site.dir)).toMatchObject({ status: 0 })
  })

  it('sent again is another transfer with the same new UIDs', async () => {
    const out = join(site.dir, '../again')
    const sent = await nocturne('send', join(site.dir, '../study'), ...live('facility-a'), '--json')
    const second: string = JSON.parse(sent.stdout).id
    await nocturne(
      'pull',
      second,
      ...live('reader-1'),
      '--key',
      site.keyFile('reader-1'),
      '--out',
      out,
    )
    const names = async (dir: string) =>
      (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.dcm')).sort()
    expect(await names(join(out, second))).toEqual(await names(join(site.dir, '../opened', id)))
  })
})
