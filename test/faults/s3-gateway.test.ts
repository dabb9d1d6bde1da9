/**
 * A gateway whose bucket refuses, stalls, resets, and stores without confirming, during uploads and
 * downloads.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startS3 } from '../_ceph.js'
import type { S3Server } from '../_ceph.js'
import { eventually } from '../_eventually.js'
import { startFaultProxy } from '../_fault-proxy.js'
import type { Call, Fault, FaultProxy } from '../_fault-proxy.js'
import { bucketContent, useBucket } from '../_s3-site.js'
import { makeSite, nocturne, nocturneIn } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { openTransfer, readerOf } from '../whole-way/_reader.js'
import type { Reader } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { referencedKeys } from './_site-state.js'

const server = await startS3()
const SLOW = 120_000
const table: string[] = []
/** Keys of transfers; the published log is next to them. */
const OBJECTS = 't/'

interface Place {
  readonly site: TestSite
  readonly gateway: RunningGateway
  readonly proxy: FaultProxy
  readonly bucket: string
  readonly reader: Reader
  /** The environment for a restart on the same site. */
  readonly env: NodeJS.ProcessEnv
}

const closing: (() => Promise<void>)[] = []

async function openPlace(at: S3Server): Promise<Place> {
  const site = await makeSite()
  closing.push(() => site.remove())
  const proxy = await startFaultProxy(at.endpoint)
  closing.push(() => proxy.close())
  const bucket = await at.newBucket()
  const env = await useBucket(site, bucket, proxy.endpoint)
  const gateway = await site.start({ env })
  closing.push(() => gateway.stop())
  return { site, gateway, proxy, bucket: bucket.bucket, reader: await readerOf(site), env }
}

async function available({ site, gateway }: Place): Promise<string[]> {
  const { body } = await call(gateway, 'GET', '/v1/transfers?limit=1000', {
    token: await site.token('facility-a'),
  })
  const { transfers } = body as unknown as { transfers: { id: string; state: string }[] }
  return transfers
    .filter(({ state }) => state !== 'abandoned')
    .map(({ id }) => id)
    .sort()
}

/** In the end every object is referenced, and every referenced object exists. */
async function expectNoLeftOvers(at: S3Server, { site, bucket }: Place): Promise<void> {
  const look = async () => (await bucketContent(at, bucket)).keys
  const isSo = (keys: string[]) => keys.join() === referencedKeys(site.dir).join()
  expect(await eventually(look, isSo, 90_000)).toEqual(referencedKeys(site.dir))
}

/** The expected status of an upload when every request of this kind fails in this way. */
const UPLOADS: readonly (readonly [Call, Fault, 201 | 503])[] = [
  ['PutObject', 'refuse', 503],
  ['PutObject', 'reset', 503],
  ['PutObject', '500', 503],
  ['PutObject', '503', 503],
  ['PutObject', '503 early', 503],
  ['PutObject', 'changed', 503],
  ['PutObject', 'lost answer', 201],
  ['CreateMultipartUpload', '500', 503],
  ['UploadPart', 'reset', 503],
  ['UploadPart', '503 early', 503],
  ['CompleteMultipartUpload', '503', 503],
  ['CompleteMultipartUpload', 'lost answer', 201],
]

if ('skip' in server) {
  describe.skip(`a gateway on an S3 server that fails (${server.skip})`, () =>
    it('is handled', () => undefined))
} else {
  let place: Place
  /** Used for the cases that wait for timeouts, in parallel with the others. */
  let slow: Place
  let slowCases: Promise<void>
  let small: string[]
  let large: string[]
  const told: string[] = []

  beforeAll(async () => {
    place = await openPlace(server)
    slow = await openPlace(server)
    const study = join(place.site.dir, '../study')
    small = await makeStudy(join(study, 'small'), '--instances', '2', '--size', '64')
    const document = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(12 << 20)])
    large = [join(place.site.dir, '../large.pdf')]
    await writeFile(large[0] ?? '', document)
    slowCases = runSlowCases()
    slowCases.catch(() => undefined)
  }, SLOW)

  afterAll(async () => {
    console.log(['a gateway on an S3 server that fails', ...table].join('\n'))
    // Whatever started, even if the rest did not.
    await Promise.all(closing.reverse().map((close) => close().catch(() => undefined)))
    await server.stop()
  }, SLOW)

  const send = async (at: Place, files: string[], what: string) => {
    const answer = await upload(at.site, at.gateway, files)
    const { code } = answer.body as { code?: string }
    table.push(`  ${answer.status} ${(code ?? '').padEnd(18)} ${what}`)
    return answer
  }

  describe('an upload to a gateway whose S3 server fails', () => {
    // Runs first, while the SDK's whole retry budget is available.
    it('succeeds despite failures of single requests', async () => {
      for (const fault of ['refuse', 'reset', '503', 'lost answer'] as const) {
        place.proxy.inject('PutObject', fault, 1, OBJECTS)
        const answer = await send(place, small, `upload, one request: ${fault}`)
        expect(answer.status).toBe(201)
        told.push(answer.body.id)
      }
      place.proxy.clear()
    }, 60_000)

    it.each(UPLOADS)(
      'at %s by %s gets a correct answer, and the next upload is accepted',
      async (kind, fault, status) => {
        const files = kind === 'PutObject' ? small : large
        place.proxy.inject(kind, fault, Infinity, OBJECTS)
        const answer = await send(place, files, `upload, ${kind}: ${fault}`)
        place.proxy.clear()
        expect(answer.status).toBe(status)
        if (answer.status === 201) told.push(answer.body.id)
        else {
          expect(answer.body.code).toBe('store_unavailable')
          expect(answer.body.hint.length).toBeGreaterThan(10)
          expect(answer.headers.get('retry-after')).toBe('10')
        }
        const next = await upload(place.site, place.gateway, small)
        expect(next.status).toBe(201)
        told.push(next.body.id)
        expect(await available(place)).toEqual([...told].sort())
      },
      SLOW,
    )

    it(
      'reports at /readyz that the server is unreachable, and recovers when it is back',
      async () => {
        await place.proxy.down()
        const answer = await send(place, small, 'upload, server away')
        expect([answer.status, answer.body.code]).toEqual([503, 'store_unavailable'])
        const ready = () => call(place.gateway, 'GET', '/readyz')
        expect(await eventually(ready, ({ status }) => status === 503)).toMatchObject({
          status: 503,
          body: { ready: false, checks: { store: 'store_unavailable', ledger: 'ok' } },
        })
        await place.proxy.up()
        const next = await send(place, small, 'upload, server back')
        expect(next.status).toBe(201)
        told.push(next.body.id)
        expect(await eventually(ready, ({ status }) => status === 200)).toMatchObject({
          status: 200,
        })
      },
      SLOW,
    )
  })

  describe('a download from a gateway whose S3 server fails', () => {
    it.each(['refuse', '500', '503', 'lost answer'] as const)(
      'by %s is refused before the first byte',
      async (fault) => {
        const { gateway, reader, proxy } = place
        proxy.inject('GetObject', fault, Infinity, OBJECTS)
        const path = `/v1/transfers/${told[0] ?? ''}/items/1`
        const answer = await call(gateway, 'GET', path, { token: reader.token })
        proxy.clear()
        table.push(`  ${answer.status} ${answer.body.code.padEnd(18)} download, ${fault}`)
        expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
        await openTransfer(gateway, reader, told[0] ?? '')
      },
      SLOW,
    )

    it.each(['reset', 'ended early'] as const)(
      'by %s in the middle never looks complete',
      async (fault) => {
        const { gateway, reader, proxy } = place
        proxy.inject('GetObject', fault, Infinity, OBJECTS)
        const opening = openTransfer(gateway, reader, told[0] ?? '')
        await expect(opening).rejects.toThrow(/terminated|fetch failed|503/)
        proxy.clear()
        table.push(`  cut off download, ${fault}`)
        await openTransfer(gateway, reader, told[0] ?? '')
      },
      SLOW,
    )

    it('that was altered in transit does not open', async () => {
      const { gateway, reader, proxy, site } = place
      const [id = ''] = told
      const out = join(site.dir, '../opened')
      const pull = () =>
        nocturne(
          ...['pull', id, '--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
          ...['--key', site.keyFile('reader-1'), '--out', out],
        )
      proxy.inject('GetObject', 'changed answer', Infinity, OBJECTS)
      const changed = await pull()
      expect(changed).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^nocturne: error: .*(item|manifest)/m),
      })
      await expect(openTransfer(gateway, reader, id)).rejects.toThrow()
      proxy.clear()
      table.push('  refused by the reader’s command: download, changed on its way')
      proxy.inject('GetObject', 'reset', 2, OBJECTS)
      expect(await pull()).toMatchObject({ status: 0 })
      proxy.clear()
      table.push('  opened by the reader’s command, which tries again: download, reset twice')
      expect((await readFile(join(out, id, 'manifest.json'))).length).toBeGreaterThan(100)
      await rm(out, { recursive: true })
    }, 60_000)
  })

  /** Runs these one after another; each waits for timeouts of the gateway. */
  async function runSlowCases(): Promise<void> {
    const { proxy } = slow
    proxy.inject('any', 'lost answer', Infinity, OBJECTS)
    const sending = send(slow, small, 'upload, stored without an answer, then nothing heard')
    while (proxy.hits() === 0) await delay(1)
    // From now on deleting fails too, so whatever the server stored is left for the sweep.
    proxy.inject('any', 'refuse', Infinity, OBJECTS)
    const lost = await sending
    expect([lost.status, lost.body.code]).toEqual([503, 'store_unavailable'])
    expect((await bucketContent(server as S3Server, slow.bucket)).keys).not.toEqual([])
    proxy.clear()
    proxy.inject('PutObject', 'stall', 1, OBJECTS)
    const once = await send(slow, small, 'upload, one request stalls')
    expect(once.status).toBe(201)
    proxy.inject('PutObject', 'stall', Infinity, OBJECTS)
    const ever = await send(slow, small, 'upload, every request stalls')
    expect([ever.status, ever.body.code]).toEqual([503, 'store_unavailable'])
    proxy.clear()
    expect((await upload(slow.site, slow.gateway, small)).status).toBe(201)
    expect(await available(slow)).toHaveLength(2)
  }

  describe('a gateway whose S3 server stalls or stores without confirming', () => {
    it(
      'responds within its timeouts, and sweeps whatever was not acknowledged',
      async () => {
        await slowCases
        await expectNoLeftOvers(server, slow)
        await expectNoLeftOvers(server, place)
        for (const id of told) await openTransfer(place.gateway, place.reader, id)
        expect(await available(place)).toEqual([...told].sort())
        for (const { site, env } of [place, slow]) {
          const verifying = nocturneIn(
            { ...process.env, ...env },
            'audit',
            'verify',
            '--site',
            site.dir,
          )
          expect(await verifying).toMatchObject({ status: 0 })
        }
        table.push(`  ${told.length} acknowledged transfers opened, no object of nobody`)
      },
      2 * SLOW,
    )
  })
}
