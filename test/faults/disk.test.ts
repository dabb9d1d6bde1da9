/** Full disks: that of the objects, and that of the database. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import type { Answer } from '../whole-way/_http.js'
import { openTransfer, readerOf } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { inspectSite } from './_site-state.js'
import { mountSmallDisk, smallDiskMissing } from './_tmpfs.js'
import type { SmallDisk } from './_tmpfs.js'

const scratch = await mkdtemp(join(tmpdir(), 'nocturne-disk-'))
const missing = await smallDiskMissing(join(scratch, 'probe'))
const title = missing === undefined ? '' : ` (skipped: ${missing})`
const suite = missing === undefined ? describe : describe.skip

interface Ready {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, string>>
}

const table: string[] = []
const seen = (what: string, { status, body }: Answer): void => {
  table.push(`  ${status} ${(body.code as string | undefined) ?? ''} ${what}`)
}

afterAll(async () => {
  if (missing === undefined) console.log(['full disks', ...table].join('\n'))
  await rm(scratch, { recursive: true, force: true })
})

suite(`a gateway whose object store is full${title}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let disk: SmallDisk
  let small: string[]

  beforeAll(async () => {
    site = await makeSite({ parent: scratch })
    disk = await mountSmallDisk(join(site.dir, 'data/objects'), 6)
    small = await makeStudy(join(scratch, 'small'), '--instances', '2', '--size', '64')
    gateway = await site.start()
  }, 60_000)

  afterAll(async () => {
    await gateway.stop()
    await disk.unmount()
    await site.remove()
  })

  const ready = async () => {
    const answer = await call(gateway, 'GET', '/readyz')
    return { status: answer.status, ...(answer.body as unknown as Ready) }
  }
  const listed = async () => {
    const { body } = await call(gateway, 'GET', '/v1/transfers', {
      token: await site.token('facility-a'),
    })
    return (body as unknown as { transfers: { state: string }[] }).transfers.map(
      ({ state }) => state,
    )
  }

  it('refuses a study larger than the disk with 507, and keeps nothing of it', async () => {
    const large = await makeStudy(join(scratch, 'large'), '--instances', '20', '--size', '512')
    const answer = await upload(site, gateway, large)
    seen('an upload larger than the store', answer)
    expect([answer.status, answer.body.code]).toEqual([507, 'store_full'])
    expect(answer.body.hint.length).toBeGreaterThan(10)
    expect(await listed()).toEqual(['abandoned'])
    expect((await inspectSite(site.dir)).problems).toEqual([])
  }, 60_000)

  it('accepts the next study that fits', async () => {
    const answer = await upload(site, gateway, small)
    seen('a small one right after it', answer)
    expect(answer.status).toBe(201)
  })

  it('is not ready while nothing can be stored, and accepts no upload', async () => {
    await disk.fill()
    const answer = await upload(site, gateway, small)
    seen('an upload when the store is full to the last block', answer)
    expect([answer.status, answer.body.code]).toEqual([507, 'store_full'])
    expect(await ready()).toMatchObject({
      status: 503,
      ready: false,
      checks: { store: 'store_full', database: 'ok', ledger: 'ok' },
    })
    expect((await call(gateway, 'GET', '/healthz')).status).toBe(200)
  })

  it('continues to serve what it has stored', async () => {
    const reader = await readerOf(site)
    const { body } = await call(gateway, 'GET', '/v1/inbox', { token: reader.token })
    const [waiting] = (body as unknown as { transfers: { id: string }[] }).transfers
    const { contents } = await openTransfer(gateway, reader, waiting?.id ?? '')
    expect(contents.size).toBe(2)
  })

  it('recovers automatically when there is space', async () => {
    await disk.free()
    const answer = await upload(site, gateway, small)
    seen('the next upload when there is room again', answer)
    expect(answer.status).toBe(201)
    // Readiness is updated at most every ten seconds.
    expect(await eventually(ready, ({ status }) => status === 200)).toMatchObject({ ready: true })
    await openTransfer(gateway, await readerOf(site), answer.body.id)
    const look = () => inspectSite(site.dir)
    // The end of a download is recorded after its last byte was sent.
    expect(await eventually(look, ({ problems }) => problems.length === 0)).toMatchObject({
      problems: [],
    })
    expect(await listed()).toEqual(['available', 'abandoned', 'available', 'abandoned'])
  }, 60_000)
})

suite(`a gateway whose database is on a full disk${title}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let disk: SmallDisk
  let files: string[]
  const told: string[] = []

  beforeAll(async () => {
    site = await makeSite({ parent: scratch })
    disk = await mountSmallDisk(join(scratch, 'database'), 4)
    await site.configure((yaml) =>
      yaml.replace(/^database:.*$/m, `database: sqlite:${join(disk.path, 'nocturne.db')}`),
    )
    files = await makeStudy(join(scratch, 'study'), '--instances', '1', '--size', '64')
    // The tokens issued by init are in the original database.
    await rm(join(disk.path, 'nocturne.db'), { force: true })
    for (const name of ['nocturne.db', 'nocturne.db-wal']) {
      const bytes = await readFile(join(site.dir, 'data', name)).catch(() => undefined)
      if (bytes) await writeFile(join(disk.path, name), bytes)
    }
    gateway = await site.start()
  }, 60_000)

  afterAll(async () => {
    await gateway.stop()
    await disk.unmount()
    await site.remove()
  })

  const available = async () => {
    const { body } = await call(gateway, 'GET', '/v1/transfers?limit=1000', {
      token: await site.token('facility-a'),
    })
    return (body as unknown as { transfers: { id: string; state: string }[] }).transfers
      .filter(({ state }) => state === 'available')
      .map(({ id }) => id)
      .sort()
  }

  it('answers 503 when it cannot record an upload, and does not show it', async () => {
    const first = await upload(site, gateway, files)
    seen('an upload before', first)
    told.push(first.body.id)
    await disk.fill()
    // SQLite's log has some free space of its own at first.
    let answer = first
    for (let i = 0; i < 300 && answer.status === 201; i++) {
      answer = await upload(site, gateway, files)
      if (answer.status === 201) told.push(answer.body.id)
    }
    seen(`upload ${told.length + 1}, when the disk of the database is full`, answer)
    expect(answer.status).toBe(503)
    expect(['ledger_unavailable', 'database_unavailable']).toContain(answer.body.code)
    expect(answer.headers.get('retry-after')).toBe('10')
    for (let i = 0; i < 3; i++) expect((await upload(site, gateway, files)).status).toBe(503)
  }, 120_000)

  it('sends no byte that it cannot record', async () => {
    const token = await site.token('reader-1')
    const answer = await call(gateway, 'GET', `/v1/transfers/${told[0] ?? ''}/items/1`, { token })
    seen('a download when the disk of the database is full', answer)
    expect(answer.status).toBe(503)
  })

  it('recovers automatically when there is space, and the ledger verifies', async () => {
    await disk.free()
    const answer = await eventually(
      () => upload(site, gateway, files),
      ({ status }) => status === 201,
    )
    seen('an upload when there is room again', answer)
    expect(answer.status).toBe(201)
    told.push(answer.body.id)
    const reader = await readerOf(site)
    await openTransfer(gateway, reader, told[0] ?? '')
    await openTransfer(gateway, reader, answer.body.id)
    expect(await available()).toEqual([...told].sort())
    expect(await nocturne('audit', 'verify', '--site', site.dir)).toMatchObject({ status: 0 })
  }, 60_000)
})
