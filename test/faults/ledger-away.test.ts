/**
 * With a ledger that cannot be written, every route found in the router itself is requested, under
 * every role.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSite } from '../../src/cli/site/site.js'
import { besides } from '../_doors.js'
import { createApp } from '../../src/http/app.js'
import { NocturneError } from '../../src/lib/errors.js'
import { openRooms } from '../../src/gateway/rooms.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { form } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'
import { routesOf } from './_routes.js'
import type { Route } from './_routes.js'
import { mountSmallDisk, smallDiskMissing } from './_tmpfs.js'

const ACTOR = { id: 'site', role: 'operator', method: 'site' } as const
const ROLES = ['facility-a', 'reader-1', 'officer-1', 'operator-1'] as const
/**
 * The members of a problem (RFC 9457, and our own); none of them could contain anything of a
 * transfer.
 */
const PROBLEM = ['code', 'hint', 'requestId', 'status', 'title', 'type']

const scratch = await mkdtemp(join(tmpdir(), 'nocturne-away-'))
const diskMissing = await smallDiskMissing(join(scratch, 'probe'))
let site: TestSite
let files: string[]

beforeAll(async () => {
  site = await makeSite({ parent: scratch })
  files = await makeStudy(join(scratch, 'study'), '--instances', '1', '--size', '64')
}, 60_000)
afterAll(() => rm(scratch, { recursive: true, force: true }))

interface Open {
  readonly rooms: Rooms
  readonly routes: readonly Route[]
  /** Sends a request under one role, or without a token. */
  ask(route: Route, role: (typeof ROLES)[number] | undefined): Promise<Asked>
  close(): Promise<void>
}

interface Asked {
  readonly what: string
  readonly status: number
  readonly type: string
  readonly text: string
}

/** The application on a database, with one transfer that a reader may fetch. */
async function open(database: string): Promise<Open> {
  const { config, secrets } = await openSite(site.dir)
  const store = { kind: 'files', path: await mkdtemp(join(scratch, 'objects-')) } as const
  const rooms = await openRooms({
    config: { ...config, database, store, logLevel: 'silent' },
    secrets,
  })
  const beside = await besides(rooms)
  const app = createApp(rooms, () => 'http://127.0.0.1', beside)
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tokens = new Map<string, string>()
  for (const role of ROLES)
    tokens.set(role, (await rooms.tokens.issue(role, { days: 1, actor: ACTOR })).token)
  const sent = await fetch(`${url}/v1/transfers`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${tokens.get('facility-a') ?? ''}` },
    body: await form({ group: 'nights' }, files),
  })
  const { id } = (await sent.json()) as { id: string }

  const ask: Open['ask'] = async ({ method, template }, role) => {
    const path = template
      .replace(':index', '1')
      .replace(':level', '0')
      .replace(/:\w+/, id)
      .replace('*path', template.includes('tile') ? '000' : 'manifest')
    const isUpload = /\/transfers$|\/items$/.test(path)
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(role && { Authorization: `Bearer ${tokens.get(role) ?? ''}` }),
        ...(hasBody && !isUpload && { 'Content-Type': 'application/json' }),
      },
      ...(hasBody && { body: isUpload ? await form({ group: 'nights' }, files) : '{}' }),
    })
    const type = response.headers.get('content-type') ?? ''
    return {
      what: `${method} ${template} as ${role ?? 'nobody'}`,
      ...{ status: response.status, type },
      text: type.startsWith('text/event-stream') ? await begun(response) : await response.text(),
    }
  }
  return {
    rooms,
    routes: routesOf(app),
    ask,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await beside.doors.close(0)
      await rooms.close().catch(() => undefined)
    },
  }
}

/** The first piece of a stream that never ends by itself. */
async function begun({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const piece = await reader?.read()
  await reader?.cancel()
  return Buffer.from((piece?.value as Uint8Array | undefined) ?? []).toString('utf8')
}

/**
 * Requests every route, under every role. Read routes come first, before others close the transfer
 * or its case.
 */
async function askAll(gateway: Open): Promise<Asked[]> {
  const answers: Asked[] = []
  const changes = ({ method }: { readonly method: string }) => Number(method === 'POST')
  for (const route of [...gateway.routes].sort((a, b) => changes(a) - changes(b)))
    for (const role of [...ROLES, undefined]) answers.push(await gateway.ask(route, role))
  return answers
}

const isAlive = ({ what }: Asked) => what.startsWith('GET /healthz ')
/** The meaning of the codes can be read even if nothing else responds. */
const isReference = ({ what }: Asked) => /^GET \/(?:openapi\.json|reference|swagger-ui)/.test(what)
const isReadiness = ({ what }: Asked) => what.startsWith('GET /readyz ')

function expectClosed(answers: readonly Asked[], codes: readonly string[]): void {
  expect(answers.filter(isAlive).map(({ status }) => status)).toEqual(Array(5).fill(200))
  const others = answers.filter((answer) => !isAlive(answer) && !isReference(answer))
  expect(others.filter(({ status }) => status !== 503)).toEqual([])
  for (const { what, type, text } of others.filter((answer) => !isReadiness(answer))) {
    if (what.startsWith('HEAD ')) continue
    expect(type).toMatch(/^application\/problem\+json/)
    const body = JSON.parse(text) as { code: string }
    expect(Object.keys(body).sort()).toEqual(PROBLEM)
    expect(codes).toContain(body.code)
  }
}

const readinessOf = (answers: readonly Asked[]) =>
  JSON.parse(answers.find(isReadiness)?.text ?? '{}') as { checks: Record<string, string> }

/** Writes until nothing more fits, even in space that the database reserved. */
async function untilItCannotWrite({ ledger }: Rooms): Promise<void> {
  const note = () =>
    ledger.note({ type: 'ledger.read', outcome: 0, actor: ACTOR, detail: { what: 'fill' } })
  for (let failures = 0; failures < 2;) {
    const hasFailed = await note().then(
      () => false,
      () => true,
    )
    if (!hasFailed) continue
    // Longer than a result is cached; then it is checked again.
    await sleep(1_050)
    const isClosed = await ledger.check().then(
      () => false,
      () => true,
    )
    failures = isClosed ? failures + 1 : 0
  }
}

describe('the list of routes', () => {
  it('comes from the router, and none is blocked while the ledger can be written', async () => {
    const gateway = await open(`sqlite:${join(scratch, 'open.db')}`)
    const templates = gateway.routes.map(({ method, template }) => `${method} ${template}`)
    expect(templates).toEqual(
      expect.arrayContaining([
        'GET /healthz',
        'GET /metrics',
        'POST /v1/transfers',
        'GET /v1/transfers/:id/items/:index',
        'GET /v1/audit/export',
      ]),
    )
    expect(templates.length).toBeGreaterThan(20)
    const answers = await askAll(gateway)
    expect(answers.filter(({ status }) => status === 503)).toEqual([])
    const got = answers.find(
      ({ what }) => what === 'GET /v1/transfers/:id/items/:index as reader-1',
    )
    expect(got).toMatchObject({ status: 200, type: 'application/pgp-encrypted' })
    await gateway.close()
  }, 60_000)
})

describe('a ledger that was found to be rolled back', () => {
  it('makes every route answer 503', async () => {
    const gateway = await open(`sqlite:${join(scratch, 'halted.db')}`)
    gateway.rooms.ledger.halt(new NocturneError('ledger_rolled_back'))
    const answers = await askAll(gateway)
    expectClosed(answers, ['ledger_rolled_back'])
    expect(readinessOf(answers).checks.ledger).toBe('ledger_rolled_back')
    await gateway.close()
  }, 60_000)
})

describe(`a disk that is full under the ledger${diskMissing === undefined ? '' : ` (skipped: ${diskMissing})`}`, () => {
  const test = diskMissing === undefined ? it : it.skip
  test('makes every route answer 503, until there is space again', async () => {
    const disk = await mountSmallDisk(join(scratch, 'disk'), 4)
    const gateway = await open(`sqlite:${join(disk.path, 'nocturne.db')}`)
    try {
      await disk.fill()
      await untilItCannotWrite(gateway.rooms)
      const answers = await askAll(gateway)
      expectClosed(answers, ['ledger_unavailable'])
      expect(readinessOf(answers).checks.ledger).toBe('ledger_unavailable')
      await disk.free()
      await sleep(1_050)
      const session = { method: 'GET', template: '/v1/session' }
      expect(await gateway.ask(session, 'reader-1')).toMatchObject({ status: 200 })
    } finally {
      await gateway.close()
      await disk.unmount()
    }
  }, 60_000)
})

describe(`a database that is gone${postgresMissing === undefined ? '' : ` (skipped: ${postgresMissing})`}`, () => {
  const test = postgresMissing === undefined ? it : it.skip
  test('makes every route answer 503', async () => {
    const postgres = await startPostgres()
    const gateway = await open(postgres.url)
    await postgres.stop()
    // Longer than a result is cached.
    await sleep(1_050)
    const answers = await askAll(gateway)
    expectClosed(answers, ['ledger_unavailable'])
    expect(readinessOf(answers).checks).toMatchObject({
      database: 'database_unavailable',
      ledger: 'ledger_unavailable',
    })
    await gateway.close()
  }, 60_000)
})
