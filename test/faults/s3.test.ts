/**
 * The S3 store with a failing network and server, for each kind of request, once and permanently.
 */
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from '@jest/globals'
import { randomName } from '../../src/lib/ids.js'
import { openStore } from '../../src/store/index.js'
import type { ObjectStore } from '../../src/store/index.js'
import type { S3Server } from '../_ceph.js'
import { startS3 } from '../_ceph.js'
import type { Call, Fault, FaultProxy } from '../_fault-proxy.js'
import { startFaultProxy } from '../_fault-proxy.js'
import { collect, digestOf, pattern, sealed } from '../store/_sealed.js'

const server = await startS3()
const SMALL = 300_000
const LARGE = 17 * 1024 * 1024
const SLOW = 90_000

type Outcome = 'stored' | 'store_unavailable'

/** The expected outcome of a put when every request of this kind fails in this way. */
const UPLOADS: readonly (readonly [Call, Partial<Record<Fault, Outcome>>])[] = [
  ['PutObject', { ...failing(), 'lost answer': 'stored', changed: 'store_unavailable' }],
  ['CreateMultipartUpload', { ...failing(), 'lost answer': 'store_unavailable' }],
  [
    'UploadPart',
    { ...failing(), 'lost answer': 'store_unavailable', changed: 'store_unavailable' },
  ],
  ['CompleteMultipartUpload', { ...failing(), 'lost answer': 'stored' }],
]
const CASES = UPLOADS.flatMap(([call, outcomes]) =>
  (Object.entries(outcomes) as [Fault, Outcome][]).map(
    ([fault, outcome]) => [call, fault, outcome] as const,
  ),
)

function failing(): Partial<Record<Fault, Outcome>> {
  const faults = ['refuse', 'stall', 'reset', '500', '503', '503 early'] as const
  return Object.fromEntries(faults.map((fault) => [fault, 'store_unavailable' as const]))
}

interface Site {
  readonly proxy: FaultProxy
  readonly store: ObjectStore
  /** Keys and unfinished uploads according to the server itself. */
  readonly left: () => Promise<{ readonly keys: string[]; readonly uploads: number }>
}

if ('skip' in server) {
  describe.skip(`an S3 server that fails (${server.skip})`, () => it('is handled', () => undefined))
} else {
  const proxies: FaultProxy[] = []
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close()
    await server.stop()
  })
  const newSite = async (fault?: Fault): Promise<Site> => {
    const site = await openSite(server, fault)
    proxies.push(site.proxy)
    return site
  }

  describe('a put that fails on every attempt', () => {
    it.each(CASES)(
      'at %s by %s ends as %s, leaves nothing visible, and works again afterwards',
      async (call, fault, outcome) => {
        const { proxy, store, left } = await newSite(fault)
        const size = call === 'PutObject' ? SMALL : LARGE
        proxy.inject(call, fault)
        const put = store.put('a/first', sealed(pattern(size)))
        if (outcome === 'stored') await expect(put).resolves.toEqual({ key: 'a/first', size })
        else await expect(put).rejects.toMatchObject({ code: outcome })
        expect(proxy.seen).toContain(call)
        proxy.clear()
        await store.sweepPartial(-1000, Date.now())
        const keys = outcome === 'stored' ? ['a/first'] : []
        await expect(left()).resolves.toEqual({ keys, uploads: 0 })
        await expectWhole(store, 'a/second', size)
        if (outcome === 'stored')
          await expect(digestOf(await store.get('a/first'))).resolves.toEqual(
            await digestOf(pattern(size)),
          )
      },
      SLOW,
    )
  })

  describe('a put that fails on the first attempt', () => {
    // A changed body is refused with 400, which is not retried.
    it.each(CASES.filter(([, fault]) => fault !== 'changed'))(
      'at %s by %s is stored completely by the next',
      async (call, fault) => {
        const { proxy, store, left } = await newSite(fault)
        const size = call === 'PutObject' ? SMALL : LARGE
        proxy.inject(call, fault, 1)
        const put = store.put('a/first', sealed(pattern(size)))
        await expect(put).resolves.toEqual({ key: 'a/first', size })
        await expect(digestOf(await store.get('a/first'))).resolves.toEqual(
          await digestOf(pattern(size)),
        )
        await store.sweepPartial(-1000, Date.now())
        await expect(left()).resolves.toEqual({ keys: ['a/first'], uploads: 0 })
      },
      SLOW,
    )
  })

  describe('a get', () => {
    it.each(['refuse', 'stall', '500', '503', 'lost answer'] as const)(
      'that fails by %s is retried, and fails in the end',
      async (fault) => {
        const { proxy, store } = await newSite(fault)
        await store.put('a', sealed(pattern(SMALL)))
        proxy.inject('GetObject', fault, 1)
        await expect(digestOf(await store.get('a'))).resolves.toEqual(
          await digestOf(pattern(SMALL)),
        )
        proxy.inject('GetObject', fault)
        await expect(store.get('a')).rejects.toMatchObject({ code: 'store_unavailable' })
      },
      SLOW,
    )

    it.each(['reset', 'stall within', 'ended early'] as const)(
      'whose body fails by %s never looks complete, and can be resumed',
      async (fault) => {
        const { proxy, store } = await newSite('stall')
        await store.put('a', sealed(pattern(SMALL)))
        proxy.inject('GetObject', fault)
        const read: Buffer[] = []
        const reading = (async () => {
          for await (const chunk of await store.get('a')) read.push(chunk)
        })()
        await expect(reading).rejects.toMatchObject({ code: 'store_unavailable' })
        proxy.clear()
        const start = Buffer.concat(read).length
        expect(start).toBeLessThan(SMALL)
        const rest = await collect(await store.get('a', { start, end: SMALL - 1 }))
        await expect(digestOf([...read, ...rest])).resolves.toEqual(await digestOf(pattern(SMALL)))
      },
      SLOW,
    )

    it('that is never read does no harm when its connection breaks', async () => {
      const { proxy, store } = await newSite()
      await store.put('a', sealed(pattern(LARGE)))
      proxy.inject('GetObject', 'reset')
      const body = await store.get('a')
      proxy.clear()
      await expect(store.size('a')).resolves.toBe(LARGE)
      await expect(digestOf(body)).rejects.toMatchObject({ code: 'store_unavailable' })
    })
  })

  describe('an unreachable server', () => {
    it(
      'is reported by every call, and used again without a restart',
      async () => {
        const { proxy, store } = await newSite()
        await proxy.down()
        const unavailable = {
          code: 'store_unavailable',
          message: 'the object store cannot be reached',
        }
        await expect(store.check()).rejects.toMatchObject(unavailable)
        await expect(store.put('a', sealed(pattern(SMALL)))).rejects.toMatchObject(unavailable)
        await expect(store.put('a', sealed(pattern(LARGE)))).rejects.toMatchObject(unavailable)
        await expect(store.get('a')).rejects.toMatchObject(unavailable)
        await expect(store.size('a')).rejects.toMatchObject(unavailable)
        await expect(store.delete('a')).rejects.toMatchObject(unavailable)
        await expect(collect(store.list(''))).rejects.toMatchObject(unavailable)
        await expect(store.sweepPartial(0, Date.now())).rejects.toMatchObject(unavailable)
        await proxy.up()
        await store.check()
        await expectWhole(store, 'b', LARGE)
      },
      SLOW,
    )

    it(
      'after it stored an object without answering leaves an object that the sweep removes',
      async () => {
        const { proxy, store, left } = await newSite()
        proxy.inject('any', 'lost answer')
        const put = store.put('a/b', sealed(pattern(SMALL)))
        await expect(put).rejects.toMatchObject({ code: 'store_unavailable' })
        proxy.clear()
        await expect(left()).resolves.toEqual({ keys: ['a/b'], uploads: 0 })
        await expect(store.sweepPartial(-1000, Date.now())).resolves.toBe(1)
        await expect(left()).resolves.toEqual({ keys: [], uploads: 0 })
      },
      SLOW,
    )

    it(
      'in the middle of a large put leaves an upload that the sweep aborts',
      async () => {
        const { proxy, store, left } = await newSite()
        const breaking = (async function* () {
          for (const [i, chunk] of [...pattern(LARGE)].entries()) {
            if (i === 265) await proxy.down()
            yield chunk
          }
        })()
        const put = store.put('a/b', sealed(breaking))
        await expect(put).rejects.toMatchObject({ code: 'store_unavailable' })
        await expect(left()).resolves.toEqual({ keys: [], uploads: 1 })
        await proxy.up()
        await expect(store.sweepPartial(-1000, Date.now())).resolves.toBe(1)
        await expect(left()).resolves.toEqual({ keys: [], uploads: 0 })
      },
      SLOW,
    )
  })
}

async function openSite(at: S3Server, fault: Fault | undefined): Promise<Site> {
  const proxy = await startFaultProxy(at.endpoint)
  const config = await at.newBucket()
  // Only a stall waits for the timeout; other tests must not reach it on a busy machine.
  const answerTimeoutMs = fault === 'stall' ? 1500 : 20_000
  const options = { attempts: 3, answerTimeoutMs, slowestBytesPerMs: 16_384 }
  const direct = await openStore(config)
  return {
    proxy,
    store: await openStore({ ...config, endpoint: proxy.endpoint }, options),
    left: async () => {
      const uploads = await at.client.send(
        new ListMultipartUploadsCommand({ Bucket: config.bucket }),
      )
      return { keys: await collect(direct.list('')), uploads: uploads.Uploads?.length ?? 0 }
    },
  }
}

async function expectWhole(store: ObjectStore, key: string, size: number): Promise<void> {
  const source = sealed(pattern(size, Number.parseInt(randomName().slice(0, 6), 16)))
  await expect(store.put(key, source)).resolves.toEqual({ key, size })
  const { sha256 } = source.digests().ciphertext
  await expect(digestOf(await store.get(key))).resolves.toEqual({ sha256, size })
}
