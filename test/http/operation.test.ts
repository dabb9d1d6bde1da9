/** What an operator reads of the site and revokes, and that nobody else does. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Express } from 'express'
import supertest from 'supertest'
// Loaded before `openSite` imports two modules in parallel that need the same package, which jest
// would link twice.
import '../../src/config/index.js'
import { openSite } from '../../src/cli/site/site.js'
import { openRooms } from '../../src/gateway/rooms.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { createApp } from '../../src/http/app.js'
import type { SiteAnswer, TokensAnswer } from '../../src/protocol/operation/http.js'
import { besides } from '../_doors.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { expectDocumented } from './_documented.js'

let site: TestSite
let rooms: Rooms
let app: Express

beforeAll(async () => {
  site = await makeSite()
  const { config, secrets } = await openSite(site.dir)
  rooms = await openRooms({ config: { ...config, logLevel: 'silent' }, secrets })
  app = createApp(rooms, () => 'http://127.0.0.1', await besides(rooms))
}, 60_000)

afterAll(async () => {
  await rooms.close()
  await site.remove()
})

async function ask(principal: string, method: 'get' | 'post', path: string) {
  const token = await site.token(principal)
  const sent = supertest(app)[method](path).set('Authorization', `Bearer ${token}`)
  const { status, text, type, body } = await sent
  expectDocumented({ method: method.toUpperCase(), path, status, type, text })
  return { status, body: body as unknown }
}

describe('the site', () => {
  it('is shown to an operator as it is set up, with quotas and queues', async () => {
    const { status, body } = await ask('operator-1', 'get', '/v1/site')
    expect(status).toBe(200)
    const { facilities, groups, people, doors, notices, backup } = body as SiteAnswer
    expect(facilities).toMatchObject([{ id: 'facility-a', groups: ['nights'], quota: 0 }])
    expect(groups).toMatchObject([{ id: 'nights', readers: ['reader-1'] }])
    expect(people.map(({ id, role }) => `${id} ${role}`)).toEqual([
      'facility-a sender',
      'reader-1 reader',
      'officer-1 officer',
      'operator-1 operator',
    ])
    for (const { fingerprint } of people) expect(fingerprint).toMatch(/^[0-9a-fA-F]{40,64}$/)
    expect(doors).toMatchObject({ associations: 0, arriving: 0 })
    expect([notices, backup]).toEqual([{ waiting: 0, failing: 0 }, { isConfigured: false }])
  })

  it.each(['facility-a', 'reader-1', 'officer-1'])('is not shown to %s', async (principal) => {
    for (const [method, path] of [
      ['get', '/v1/site'],
      ['get', '/v1/tokens'],
      ['post', '/v1/tokens/01a22ec2-3764-7017-ad3f-055d6a522d13/revoke'],
    ] as const)
      expect(await ask(principal, method, path)).toMatchObject({ status: 403 })
  })

  it('shows an operator who is on duty in all groups', async () => {
    const { status, body } = await ask('operator-1', 'get', '/v1/duty')
    expect([status, body]).toMatchObject([200, { groups: [{ id: 'nights' }] }])
  })
})

describe('tokens', () => {
  const list = async () =>
    ((await ask('operator-1', 'get', '/v1/tokens')).body as TokensAnswer).tokens

  it('are listed without what is secret, and the own one is marked', async () => {
    const text = JSON.stringify(await list())
    for (const principal of ['reader-1', 'operator-1'])
      expect(text).not.toContain(await site.token(principal))
    expect((await list()).filter(({ isOwn }) => isOwn)).toMatchObject([
      { principal: 'operator-1', method: 'issued', state: 'valid' },
    ])
  })

  it('are revoked with effect from the next request, recorded with the operator', async () => {
    expect(await ask('reader-1', 'get', '/v1/inbox')).toMatchObject({ status: 200 })
    const token = (await list()).find(({ principal }) => principal === 'reader-1')
    const path = `/v1/tokens/${token?.id ?? ''}/revoke`
    const { status, body } = await ask('operator-1', 'post', path)
    expect([status, body]).toMatchObject([200, { id: token?.id }])
    expect(await ask('reader-1', 'get', '/v1/inbox')).toMatchObject({ status: 401 })
    expect((await list()).find(({ id }) => id === token?.id)).toMatchObject({ state: 'revoked' })
    const { rows } = await rooms.ledger.query({ types: ['token.revoked'] })
    expect(rows.at(-1)?.entry).toMatchObject({
      actor: { id: 'operator-1', role: 'operator' },
      detail: { principal: 'reader-1', token: token?.id },
    })
  })

  it.each(['no-id', '01a22ec2-3764-7017-ad3f-055d6a522d13'])(
    'that do not exist are not found: %s',
    async (id) => {
      expect(await ask('operator-1', 'post', `/v1/tokens/${id}/revoke`)).toMatchObject({
        status: 404,
      })
    },
  )
})
