/**
 * A gateway that starts before its object store or its database, as after a power cut: a real S3
 * server and a real PostgreSQL behind relays that are interrupted and restored.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openSite } from '../../src/cli/site/site.js'
import { besides } from '../_doors.js'
import { createApp } from '../../src/http/app.js'
import { openRooms } from '../../src/gateway/rooms.js'
import { startS3 } from '../_ceph.js'
import type { S3Server } from '../_ceph.js'
import { eventually } from '../_eventually.js'
import { startFaultProxy } from '../_fault-proxy.js'
import type { FaultProxy } from '../_fault-proxy.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { startRelay } from '../_relay.js'
import type { Relay } from '../_relay.js'
import { useBucket } from '../_s3-site.js'
import { usePostgres } from '../whole-way/_database.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { StartingGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'
import { routesOf } from './_routes.js'
import type { Route } from './_routes.js'

const server = await startS3()
const table: string[] = []
const closing: (() => Promise<unknown>)[] = []

afterAll(async () => {
  if (table.length > 0) console.log(['stores that came late', ...table].join('\n'))
  for (const close of closing.reverse()) await close().catch(() => undefined)
  if (!('skip' in server)) await server.stop()
}, 60_000)

async function newSite(): Promise<TestSite> {
  const site = await makeSite()
  closing.push(() => site.remove())
  return site
}

/** Starts it and waits until it listens; it is stopped whatever happens in the test. */
async function launch(site: TestSite, env: NodeJS.ProcessEnv): Promise<StartingGateway> {
  const gateway = site.launch({ env })
  closing.push(() => gateway.stop('SIGKILL'))
  await gateway.listening
  return gateway
}

const ask = async (gateway: StartingGateway, path: string, method = 'GET') =>
  call({ url: await gateway.listening }, method, path)

/** What it reports about itself once it is waiting. */
const waitsFor = async (gateway: StartingGateway) =>
  eventually(
    async () => (await ask(gateway, '/readyz')).body.waitsFor as { code: string } | null,
    (found) => found !== null,
  )

const exitStatus = async (gateway: StartingGateway): Promise<number | null> => {
  await gateway.stop()
  return gateway.process.exitCode
}

const suite = (title: string, missing: string | undefined, tests: () => void) => {
  if (missing === undefined) describe(title, tests)
  else describe.skip(`${title} (skipped: ${missing})`, tests)
}

suite('a gateway whose object store comes late', 'skip' in server ? server.skip : undefined, () => {
  let site: TestSite
  let env: NodeJS.ProcessEnv
  let proxy: FaultProxy
  let files: string[]
  let routes: readonly Route[]

  beforeAll(async () => {
    site = await newSite()
    files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
    // The routes it has when it is open.
    const rooms = await openRooms(await openSite(site.dir))
    const beside = await besides(rooms)
    routes = routesOf(createApp(rooms, () => 'http://127.0.0.1', beside))
    await beside.doors.close(0)
    await rooms.close()
    const s3 = server as S3Server
    proxy = await startFaultProxy(s3.endpoint)
    closing.push(() => proxy.close())
    env = await useBucket(site, await s3.newBucket(), proxy.endpoint)
    const first = await site.start({ env })
    expect((await upload(site, first, files)).status).toBe(201)
    await first.stop()
  }, 120_000)

  const database = () => join(site.dir, 'data/nocturne.db')
  const countEvents = () => {
    const db = new Database(database(), { readonly: true })
    try {
      return db.prepare('select count(*) from events').pluck().get() as number
    } finally {
      db.close()
    }
  }

  it('is alive, reports what it is waiting for, refuses every route and records nothing', async () => {
    await proxy.down()
    const before = countEvents()
    const gateway = await launch(site, env)
    expect(await waitsFor(gateway)).toMatchObject({
      code: 'store_unavailable',
      problem: 'the object store cannot be reached',
      hint: expect.stringContaining('start the object store'),
    })
    expect((await ask(gateway, '/readyz')).status).toBe(503)
    expect(await ask(gateway, '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } })
    const closed = routes.filter(({ template }) => !['/healthz', '/readyz'].includes(template))
    expect(closed.length).toBeGreaterThan(20)
    for (const { method, template } of [...closed, { method: 'GET', template: '/nowhere' }]) {
      const answer = await ask(gateway, template, method)
      expect([template, answer.status]).toEqual([template, 503])
      expect(answer.headers.get('retry-after')).toBe('10')
      if (method === 'HEAD') continue
      expect(answer.body).toMatchObject(
        template.startsWith('/fhir')
          ? { resourceType: 'OperationOutcome', issue: [{ code: 'transient' }] }
          : { code: 'gateway_opening', hint: expect.stringContaining('/readyz') },
      )
    }
    expect(countEvents()).toBe(before)
    table.push(`  object store away at the start: ${closed.length} routes answer 503, no event`)

    // A server that starts, fails at first, and then works.
    proxy.inject('any', '503', 4)
    await proxy.up()
    const { url } = await gateway.ready
    expect((await upload(site, { url }, files)).status).toBe(201)
    expect((await ask(gateway, '/readyz')).status).toBe(200)
    for (const line of ['waiting to start', 'start resumed', '"msg":"ready"'])
      expect(gateway.log()).toContain(line)
    expect(countEvents()).toBeGreaterThan(before)
    table.push('  and back: goes on by itself, takes an upload')
    await proxy.down()
    expect(await exitStatus(gateway)).toBe(0)
    table.push('  gone when it is stopped: exit 0')
    await proxy.up()
  }, 60_000)

  it('can be stopped while it waits, and leaves no trace', async () => {
    await proxy.down()
    const before = countEvents()
    const gateway = await launch(site, env)
    await waitsFor(gateway)
    expect(await exitStatus(gateway)).toBe(0)
    expect(countEvents()).toBe(before)
    await proxy.up()
    table.push('  stopped while it waits: exit 0, no event')
  })

  it('detects an old database as soon as the store is back', async () => {
    const backup = join(site.dir, '../backup.db')
    await cp(database(), backup)
    const newer = await site.start({ env })
    expect((await upload(site, newer, files)).status).toBe(201)
    await newer.stop()
    for (const ending of ['', '-wal', '-shm']) await rm(database() + ending, { force: true })
    await cp(backup, database())
    await proxy.down()
    const before = countEvents()
    const gateway = await launch(site, env)
    await waitsFor(gateway)
    await proxy.up()
    await expect(gateway.ready).rejects.toThrow(
      /the database has \d+ entries with root .*the published log has \d+ entries with root/,
    )
    expect([gateway.process.exitCode, countEvents()]).toEqual([1, before])
    table.push('  an older database: both heads printed, exit 1, no event')
  })
})

suite('a gateway whose database comes late', postgresMissing, () => {
  let site: TestSite
  let postgres: TestPostgres
  let relay: Relay
  let env: NodeJS.ProcessEnv
  let files: string[]

  beforeAll(async () => {
    postgres = await startPostgres()
    closing.push(() => postgres.stop())
    const url = new URL(postgres.url)
    relay = await startRelay(Number(url.port))
    closing.push(() => relay.down())
    url.port = String(relay.port)
    site = await newSite()
    env = await usePostgres(site, url.href)
    files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
  }, 60_000)

  it('waits for it, and continues automatically', async () => {
    await relay.down()
    const gateway = await launch(site, env)
    expect(await waitsFor(gateway)).toMatchObject({
      code: 'database_unavailable',
      hint: expect.stringContaining('start the database'),
    })
    expect(await ask(gateway, '/v1/gateway')).toMatchObject({
      status: 503,
      body: { code: 'gateway_opening' },
    })
    await relay.up()
    const { url } = await gateway.ready
    expect((await upload(site, { url }, files)).status).toBe(201)
    table.push('  database away at the start, and back: goes on by itself, takes an upload')
    await relay.down()
    const away = await eventually(
      () => upload(site, { url }, files),
      ({ status }) => status === 503,
    )
    expect(away.status).toBe(503)
    await relay.up()
    const back = await eventually(
      () => upload(site, { url }, files),
      ({ status }) => status === 201,
    )
    expect(back.status).toBe(201)
    table.push('  gone and back while it runs: 503, then 201')
    await relay.down()
    expect(await exitStatus(gateway)).toBe(0)
    expect(gateway.log()).toContain('the stop is not recorded')
    table.push('  gone when it is stopped: exit 0, and its log says that the stop is not recorded')
    await relay.up()
  }, 60_000)

  it('does not wait if its password is wrong', async () => {
    const gateway = await launch(site, { NOCTURNE_DATABASE_PASSWORD: 'wrong' })
    await expect(gateway.ready).rejects.toThrow(/the database cannot be used as configured/)
    expect(gateway.process.exitCode).toBe(1)
    table.push('  a wrong password: exit 1 at once')
  })
})
