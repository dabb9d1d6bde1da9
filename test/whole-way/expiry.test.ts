/**
 * A gateway through the last two months of a reader's key and of its own, with a clock set by the
 * test.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkSite } from '../../src/cli/site/site-check.js'
import { openSite } from '../../src/cli/site/site.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { SITE } from '../../src/lib/actors.js'
import { createLogger } from '../../src/lib/logger.js'
import type { Rooms } from '../../src/gateway/rooms.js'
import { newKey, readPrivateKey, signDetached } from '../../src/seal/keys/index.js'
import { makeSite } from './_gateway.js'
import type { TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { openTransfer, readerOf } from './_reader.js'
import { makeStudy } from './_study.js'

const DAY_MS = 86_400_000
const LASTS_DAYS = 65
const OPERATOR = { id: 'site', role: 'operator', method: 'site' } as const

let site: TestSite
let files: string[]
let gateway: Gateway | undefined
let rooms: Rooms
let url = ''
/** How far the gateway's clock is ahead of the wall clock. */
let ahead = 0
const now = () => Date.now() + ahead
const end = Date.now() + LASTS_DAYS * DAY_MS

const inSite = (name: string) => join(site.dir, name)

async function start(): Promise<void> {
  await gateway?.close()
  gateway = await createGateway(await openSite(site.dir), {
    ...{ port: 0, logger: createLogger('silent'), now },
  })
  ;({ url, rooms } = await gateway.start())
}

/** Installs another key for the reader or for the gateway. */
async function putKey(of: 'reader-1' | 'gateway', days?: number): Promise<string> {
  const made = await newKey({ name: of, ...(days !== undefined && { expiresInDays: days }) })
  const secret = of === 'gateway' ? inSite('secrets/gateway.asc') : site.keyFile(of)
  await writeFile(secret, made.privateKey, { mode: 0o600 })
  await writeFile(inSite(`keys/${of}.asc`), made.certificate)
  return made.privateKey
}

const send = () => upload(site, { url }, files)

/** Ports that are free, whatever else runs on this machine. */
const FREE = { NOCTURNE_LISTEN: '127.0.0.1:0', NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' }

async function saidEverywhere(): Promise<Record<string, readonly string[]>> {
  const { token: operator } = await rooms.tokens.issue('operator-1', { days: 1, actor: SITE })
  const ready = (await call({ url }, 'GET', '/readyz', { token: operator })).body
    .warnings as string[]
  const token = await site.token('reader-1')
  const inbox = (await call({ url }, 'GET', '/v1/inbox', { token })).body.warnings as string[]
  const { problems, warnings } = await checkSite(site.dir, FREE, new Date(now()))
  const check = [...problems, ...warnings].map(({ problem }) => problem)
  const metrics = (await call({ url }, 'GET', '/metrics', { token: operator })).text
  const left = [...metrics.matchAll(/^nocturne_certificate_days_left\{principal="(.*)"\} (.*)$/gm)]
  return {
    ready: aboutKeys(ready),
    inbox: aboutKeys(inbox),
    check: aboutKeys(check),
    metrics: left.map(([, who, days]) => `${who ?? ''} ${Math.floor(Number(days))}`).sort(),
  }
}

/** Truncated to the day, which `check` also reports. */
const aboutKeys = (texts: readonly string[]): string[] =>
  texts
    .filter((text) => /expire|own key/.test(text))
    .map((text) => text.replace(/, on .*/, ''))
    .sort()

beforeAll(async () => {
  site = await makeSite()
  files = [...(await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64'))]
  await putKey('reader-1', LASTS_DAYS)
  await putKey('gateway', LASTS_DAYS)
}, 60_000)
afterAll(async () => {
  await gateway?.close()
  await site.remove()
})

describe('keys that expire', () => {
  let early = ''

  it('are reported nowhere while there is time', async () => {
    await start()
    const answer = await send()
    expect(answer.status).toBe(201)
    early = answer.body.id
    expect(await saidEverywhere()).toEqual({
      ...{ ready: [], inbox: [], check: [] },
      metrics: ['gateway 64', 'reader-1 64'],
    })
  }, 60_000)

  it.each([
    [60, 'within 60 days'],
    [30, 'within 30 days'],
    [14, 'within 14 days'],
    [7, 'within 7 days'],
    [1, 'within a day'],
  ])(
    'are reported from %d days before, by readyz, inbox, check and metrics',
    async (days, within) => {
      ahead = end - Date.now() - days * DAY_MS + 3_600_000
      await start()
      const both = [
        `the certificate of reader-1 expires ${within}`,
        `the gateway's own key expires ${within}`,
      ]
      expect(await saidEverywhere()).toEqual({
        ...{ ready: both, inbox: both, check: both },
        metrics: [`gateway ${days - 1}`, `reader-1 ${days - 1}`],
      })
    },
    60_000,
  )

  it('expire while the gateway runs: it signs nothing more, says so, and can be restarted', async () => {
    ahead += DAY_MS
    const refused = await send()
    expect([refused.status, refused.body.code]).toEqual([500, 'gateway_key_unfit'])
    await start()
    expect((await send()).body.code).toBe('gateway_key_unfit')
    const both = ['the certificate of reader-1 has expired', "the gateway's own key has expired"]
    expect(await saidEverywhere()).toEqual({
      ...{ ready: both, inbox: both },
      check: [
        expect.stringMatching(/^the certificate has expired \(reader-1: it expired/),
        expect.stringMatching(/^the gateway's own key cannot sign a manifest: it expired/),
      ],
      metrics: ['gateway -1', 'reader-1 -1'],
    })
  }, 60_000)

  it('do not affect what was signed in time, even when the gateway has another key', async () => {
    const opened = await openTransfer({ url }, await readerOf(site), early, new Date(now()))
    await putKey('gateway')
    await start()
    const again = await openTransfer({ url }, await readerOf(site), early, new Date(now()))
    expect(again.digest).toBe(opened.digest)
  }, 60_000)

  it('block sealing to a reader whose key has expired, naming the reader', async () => {
    const { status, body } = await send()
    expect([status, body.code, body.subject]).toEqual([422, 'recipient_unusable', 'reader-1'])
  }, 60_000)

  it('are no longer reported once another key is in effect', async () => {
    const armored = await putKey('reader-1')
    await start()
    expect((await send()).body.code).toBe('recipient_unusable')
    const key = await readPrivateKey(armored)
    const signature = await signDetached(
      await rooms.certificates.changeStatement('reader-1'),
      key,
      new Date(),
    )
    await rooms.certificates.confirm('reader-1', signature, OPERATOR)
    const { status, body } = await send()
    expect(status).toBe(201)
    const opened = await openTransfer({ url }, await readerOf(site), body.id, new Date(now()))
    expect(opened.contents.size).toBe(1)
    expect(await saidEverywhere()).toEqual({ ready: [], inbox: [], check: [], metrics: [] })
  }, 60_000)

  it('are in the ledger, including the gateway’s own', async () => {
    const { rows } = await rooms.ledger.query({ start: 0, limit: 500 })
    const own = rows
      .map(({ entry }) => entry)
      .filter(
        ({ type, detail }) => type === 'certificate.changed' && detail?.principal === 'gateway',
      )
    expect(own).toHaveLength(2)
    expect(own[1]?.detail?.from).toBe(own[0]?.detail?.to)
    const handedOut = await readFile(inSite('keys/gateway.asc'), 'utf8')
    const { body } = await call({ url }, 'GET', '/v1/gateway')
    expect((await readPrivateKey(await readFile(inSite('secrets/gateway.asc')))).fingerprint).toBe(
      own[1]?.detail?.to,
    )
    expect(body.certificate).toBe(handedOut)
    expect(body.formerCertificates).toHaveLength(1)
  })
})
