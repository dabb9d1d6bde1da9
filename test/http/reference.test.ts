/**
 * Compares the reference with the application: every route is in the reference, and every path in
 * the reference has a route.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Express } from 'express'
import supertest from 'supertest'
// Loaded before `openSite` imports two modules in parallel that need the same package, which jest
// would link twice.
import '../../src/config/index.js'
import { openSite } from '../../src/cli/site/site.js'
import { createApp } from '../../src/http/app.js'
import { PAGES, WORKERS } from '../../src/http/routes/pages.js'
import { REFERENCE_PAGE } from '../../src/http/routes/reference.js'
import { CATALOGUE } from '../../src/lib/errors.js'
import { openApiDocument } from '../../src/protocol/http/openapi.js'
import { ROUTES } from '../../src/protocol/http/routes.js'
import { TAGS } from '../../src/protocol/http/introduction.js'
import { openRooms } from '../../src/gateway/rooms.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { besides } from '../_doors.js'
import { routesOf } from '../faults/_routes.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'

let site: TestSite
let rooms: Rooms | undefined
let app: Express

beforeAll(async () => {
  site = await makeSite()
  const { config, secrets } = await openSite(site.dir)
  const doors = { ...config.doors, stow: true }
  rooms = await openRooms({ config: { ...config, doors, logLevel: 'silent' }, secrets })
  const beside = await besides(rooms)
  app = createApp(rooms, () => 'http://127.0.0.1', beside)
}, 60_000)

afterAll(async () => {
  await rooms?.close()
  await site.remove()
})

/** Files that a page loads are not an interface of their own. */
const LOADED = new Set([
  ...[...PAGES, REFERENCE_PAGE].flatMap(({ path, files }) =>
    Object.keys(files).filter((one) => one !== path),
  ),
  ...WORKERS.flatMap(({ files }) => Object.keys(files)),
])

describe('the reference', () => {
  it('lists every route of the application, and no other', () => {
    const served = routesOf(app)
      .filter(({ method, template }) => method !== 'HEAD' && !LOADED.has(template))
      .map(({ method, template }) => `${method} ${template.replace(/[:*](\w+)/g, '{$1}')}`)
    expect([...new Set(served)].sort()).toEqual(Object.keys(ROUTES).sort())
  })

  it('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator()
    const result = await validator.validate(
      JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Record<string, unknown>,
    )
    expect(result.errors).toBeUndefined()
    expect([result.valid, validator.version]).toEqual([true, '3.1'])
  })

  it('has a heading for each tag, and a tag for each heading', () => {
    expect(new Set(Object.values(ROUTES).map(({ tag }) => tag))).toEqual(
      new Set(TAGS.map(({ name }) => name)),
    )
  })

  it('is served as generated', async () => {
    const { body, status } = await supertest(app).get('/openapi.json')
    expect(status).toBe(200)
    expect(Object.keys((body as { paths: object }).paths)).toContain('/v1/inbox')
  })
})

describe('the page of an error code', () => {
  it('exists for every code, and shows title and hint', async () => {
    for (const [code, { title, hint }] of Object.entries(CATALOGUE)) {
      const { status, text } = await supertest(app).get(`/reference/errors/${code}`)
      const plain = text.replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<')
      expect([code, status]).toEqual([code, 200])
      expect(plain).toContain(title.slice(1))
      expect(plain).toContain(hint.slice(1))
    }
  })

  it('does not exist for anything else', async () => {
    for (const code of ['nowhere', 'constructor', '__proto__'])
      expect((await supertest(app).get(`/reference/errors/${code}`)).status).toBe(404)
  })

  it('is the target of the type of a problem', async () => {
    const { body } = await supertest(app).get('/v1/inbox')
    const { type } = body as { type: string }
    expect(type).toBe('/reference/errors/unauthenticated')
    expect((await supertest(app).get(type)).status).toBe(200)
  })
})

describe('a request that differs from its description', () => {
  const ask = async (principal: string, method: 'get' | 'post', path: string, body?: object) => {
    const token = await site.token(principal)
    const sent = supertest(app)[method](path).set('Authorization', `Bearer ${token}`).send(body)
    const { status, body: answer } = await sent
    const { code, field, subject } = answer as { code: string; field?: string; subject?: string }
    return { status, code, field, subject }
  }

  it.each([
    ['facility-a', 'get', '/v1/transfers?limit=none', undefined, 'limit'],
    ['facility-a', 'get', '/v1/transfers?limit=1&limit=2', undefined, 'limit'],
    ['facility-a', 'get', '/v1/quarantine?all=perhaps', undefined, 'all'],
    ['officer-1', 'get', '/v1/audit/events?type=no.such', undefined, 'type'],
    ['officer-1', 'get', '/v1/audit/events?from=yesterday', undefined, 'from'],
    ['officer-1', 'post', '/v1/audit/review', { until: 1, finding: 'odd' }, 'finding'],
    ['officer-1', 'post', '/v1/audit/patient', { facility: 'facility-a' }, 'patientId'],
    [
      'officer-1',
      'post',
      '/v1/audit/dossier',
      { facility: 'facility-a', from: '2026-02-01', until: '2026-01-01' },
      'until',
    ],
    ['reader-1', 'post', '/v1/key-check/answer', { id: 'x', answer: 'y' }, 'answer'],
  ] as const)('as %s: %s %s is 400 and names the field', async (who, method, path, body, field) => {
    expect(await ask(who, method, path, body)).toMatchObject({
      status: 400,
      code: 'bad_request',
      field,
    })
  })

  it('with an unknown name is told the known names, without repeating its own', async () => {
    expect(await ask('facility-a', 'get', '/v1/transfers?name=Doe')).toEqual({
      status: 400,
      code: 'bad_request',
      field: undefined,
      subject: 'the known names are start, limit',
    })
  })

  it('with another method is told the allowed ones', async () => {
    const { status, headers } = await supertest(app).delete('/v1/transfers')
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, POST'])
    expect((await supertest(app).delete('/v1/nowhere')).status).toBe(404)
  })

  it('with HEAD is answered wherever GET is', async () => {
    const token = await site.token('facility-a')
    for (const path of [
      '/healthz',
      '/openapi.json',
      '/v1/gateway',
      '/v1/transfers',
      '/v1/crosswalk',
    ]) {
      const { status, text } = await supertest(app)
        .head(path)
        .set('Authorization', `Bearer ${token}`)
      expect([path, status, text]).toEqual([path, 200, undefined])
    }
  })
})
