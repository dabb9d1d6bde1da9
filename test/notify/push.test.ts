/**
 * Web Push to a service on this machine, which decrypts as a browser would (RFC 8291). Not tested
 * with a real browser.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPublicKey, verify } from 'node:crypto'
import { createServer } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import type { Server } from 'node:https'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createPush, createPushDesk, subscriptionsOf, vapidKeysOf } from '../../src/notify/index.js'
import type { Notice } from '../../src/notify/index.js'
import { isAllowedEndpoint, subscribe } from '../../src/notify/push.js'
import { shownOf } from '../../src/web/pages/session/push-notice.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'
import { newAuthority } from '../_certificates.js'
import { newBrowser } from './_browser.js'

const browser = newBrowser()
const vapid = vapidKeysOf(Buffer.alloc(32, 3))

let server: Server
let site: TestSite
let ca: string
let port: number
let status = 201
const taken: { headers: IncomingHttpHeaders; body: Buffer; path: string }[] = []

beforeAll(async () => {
  site = await openTestSite()
  const files = await (await newAuthority(site.dir, 'push'))('localhost')
  ca = await readFile(files.ca, 'utf8')
  const tls = { cert: await readFile(files.certificate), key: await readFile(files.key) }
  server = createServer(tls, (request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      taken.push({ headers: request.headers, body: Buffer.concat(chunks), path: request.url ?? '' })
      response.writeHead(status).end()
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await site.close()
})

const notice: Notice = {
  key: 'k',
  event: 'case.waiting',
  code: 'K7Q-4MD',
  priority: 'stat',
  at: '2026-11-30T02:00:00.000Z',
}

const push = (hosts: readonly string[]) =>
  createPush({
    config: { hosts, subject: 'mailto:operator@example.org' },
    vapid,
    subscriptionsOf: (person) => subscriptionsOf(site.state.db, person),
    unsubscribe: async (id) => {
      await site.state.transaction((tx) =>
        tx.deleteFrom('push_subscriptions').where('id', '=', id).execute(),
      )
    },
    ca,
  })

const subscription = () => ({
  endpoint: `https://localhost:${port}/push/abc`,
  ...browser.keys,
})

describe('web push', () => {
  it('reaches a subscribed browser, encrypted to it and signed for the service', async () => {
    await site.state.transaction((tx) =>
      subscribe(tx, 'reader-1', subscription(), { hosts: [`localhost:${port}`], now: 1 }),
    )
    expect(
      await push([`localhost:${port}`])({ id: 'n', person: 'reader-1', notice }),
    ).toBeUndefined()
    const { headers, body } = taken.at(-1)!
    expect(JSON.parse(browser.decrypt(body))).toEqual({
      title: 'STAT: A case is waiting to be read (K7Q-4MD)',
      event: 'case.waiting',
      code: 'K7Q-4MD',
      priority: 'stat',
    })
    const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=(.+)$/.exec(headers.authorization!) ?? []
    const raw = Buffer.from(key, 'base64url')
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: raw.subarray(1, 33).toString('base64url'),
      y: raw.subarray(33).toString('base64url'),
    }
    const [head, claims, signature] = token.split('.')
    expect(
      verify(
        'sha256',
        Buffer.from(`${head}.${claims}`),
        { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature!, 'base64url'),
      ),
    ).toBe(true)
    expect(key).toBe(vapid.publicKey)
  })

  it('sends no request to an address that the site does not list', async () => {
    const before = taken.length
    expect(await push(['push.example.org'])({ id: 'n', person: 'reader-1', notice })).toMatchObject(
      {
        code: 'push-not-allowed',
      },
    )
    expect(taken).toHaveLength(before)
    await expect(
      site.state.transaction((tx) =>
        subscribe(tx, 'reader-1', subscription(), { hosts: ['push.example.org'], now: 1 }),
      ),
    ).rejects.toMatchObject({ code: 'push_not_allowed' })
  })

  it.each([
    ['https://fcm.googleapis.com/fcm/send/x', true],
    ['https://updates.push.services.mozilla.com/wpush/v2/x', true],
    ['http://fcm.googleapis.com/x', false],
    ['https://fcm.googleapis.com.evil.example/x', false],
    ['https://user@fcm.googleapis.com/x', false],
    ['https://fcm.googleapis.com:8443/x', false],
    ['https://169.254.169.254/latest', false],
    ['https://push.services.mozilla.com/x', false],
    ['nothing', false],
  ])('%s: %s', (endpoint, isAllowed) =>
    expect(isAllowedEndpoint(endpoint, ['fcm.googleapis.com', '*.push.services.mozilla.com'])).toBe(
      isAllowed,
    ),
  )

  it('is chosen by each person for their own browsers', async () => {
    const { endpoint, ...keys } = { ...subscription(), endpoint: `https://localhost:${port}/2` }
    const of = { state: site.state, secret: Buffer.alloc(32, 3), now: () => 2 }
    const config = { hosts: [`localhost:${port}`], subject: 'mailto:operator@example.org' }
    const desk = createPushDesk({ ...of, config })
    expect(await desk.show('reader-2')).toEqual({ publicKey: vapid.publicKey, browsers: 0 })
    expect(await desk.subscribe('reader-2', { endpoint, keys })).toMatchObject({ browsers: 1 })
    expect(await push(config.hosts)({ id: 'n', person: 'reader-2', notice })).toBeUndefined()
    expect(taken.at(-1)?.path).toBe('/2')
    const shown = shownOf(browser.decrypt(taken.at(-1)!.body), 'https://gateway.example.org')
    expect(shown).toMatchObject({
      title: 'STAT: A case is waiting to be read (K7Q-4MD)',
      options: { tag: 'K7Q-4MD' },
    })
    await desk.unsubscribe('reader-3', endpoint)
    expect(await desk.show('reader-2')).toMatchObject({ browsers: 1 })
    expect(await desk.unsubscribe('reader-2', endpoint)).toMatchObject({ browsers: 0 })
    const without = createPushDesk({ ...of, config: undefined })
    expect(await without.show('reader-2')).toEqual({ browsers: 0 })
    for (const refused of [
      without.subscribe('reader-2', { endpoint, keys }),
      desk.subscribe('reader-2', { endpoint: 'https://10.0.0.1/x', keys }),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'push_not_allowed' })
  })

  it('opens only links of its own gateway, and always shows something', () => {
    const of = (link: string) =>
      shownOf(JSON.stringify({ title: 't', event: 'e', link }), 'https://a.example').options.data
    expect(of('https://a.example/read#K7Q-4MD')).toBe('https://a.example/read#K7Q-4MD')
    for (const link of ['https://b.example/read', 'javascript:alert(1)', 'x'])
      expect(of(link)).toBeUndefined()
    for (const text of ['', 'nothing', '{}', 'null'])
      expect(shownOf(text, 'https://a.example').title).toBe('Nocturne: look at your worklist')
  })

  it('deletes a subscription that no longer exists', async () => {
    status = 410
    await push([`localhost:${port}`])({ id: 'n', person: 'reader-1', notice })
    expect(await subscriptionsOf(site.state.db, 'reader-1')).toEqual([])
    expect(await push([`localhost:${port}`])({ id: 'n', person: 'reader-1', notice })).toEqual({
      code: 'no-address',
      isFinal: true,
    })
  })
})
