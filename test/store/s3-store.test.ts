import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { HeadObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from '@jest/globals'
import { openStore } from '../../src/store/index.js'
import { startS3 } from '../_ceph.js'
import { testObjectStore } from './_contract.js'
import { collect, pattern, sealed } from './_sealed.js'

const server = await startS3()

if ('skip' in server) {
  describe.skip(`the S3 store (${server.skip})`, () => it('runs', () => undefined))
} else {
  afterAll(() => server.stop())

  describe('the S3 store', () => {
    const shared = server.newBucket()
    testObjectStore(async () => openStore({ ...(await shared), prefix: 'site/objects' }))
  })

  describe('the S3 store without a prefix', () => {
    it('lists, reads and checks in the same way', async () => {
      const store = await openStore(await server.newBucket())
      await store.put('a/b', sealed(pattern(10)))
      await store.check()
      await expect(collect(store.list(''))).resolves.toEqual(['a/b'])
      await expect(collect(await store.get('a/b', { start: 3, end: 4 }))).resolves.toHaveLength(1)
    })
  })

  describe('what the S3 store leaves in the bucket', () => {
    it('is the key under the prefix, and nothing that describes the content', async () => {
      const config = await server.newBucket()
      const store = await openStore({ ...config, prefix: 'p' })
      await store.put('a/b', sealed(pattern(10)))
      const head = await server.client.send(
        new HeadObjectCommand({ Bucket: config.bucket, Key: 'p/a/b' }),
      )
      expect(Object.keys(head.Metadata ?? {})).toEqual(['nocturne-put'])
      expect(head.Metadata?.['nocturne-put']).toMatch(/^[0-9a-f]{32}$/)
      expect(head.ContentType).toBe('application/octet-stream')
    })

    it('has uploads of a dead process swept, but not uploads outside the prefix', async () => {
      const config = await server.newBucket()
      const store = await openStore({ ...config, prefix: 'p' })
      const begin = async (key: string) => {
        const { UploadId } = await server.client.send(
          new CreateMultipartUploadCommand({ Bucket: config.bucket, Key: key }),
        )
        await server.client.send(
          new UploadPartCommand({
            Bucket: config.bucket,
            Key: key,
            UploadId,
            PartNumber: 1,
            Body: Buffer.alloc(10),
          }),
        )
      }
      for (let i = 0; i < 3; i++) await begin(`p/a/${i}`)
      await begin('pq/a')
      await expect(store.sweepPartial(3_600_000, Date.now())).resolves.toBe(0)
      await expect(store.sweepPartial(-1000, Date.now())).resolves.toBe(3)
      const left = await server.client.send(
        new ListMultipartUploadsCommand({ Bucket: config.bucket }),
      )
      expect(left.Uploads?.map(({ Key }) => Key)).toEqual(['pq/a'])
    })

    it('is listed across several pages', async () => {
      const config = await server.newBucket()
      const keys = Array.from({ length: 1050 }, (_, i) => `a/${String(i)}`)
      const put = async (key: string) =>
        server.client.send(new PutObjectCommand({ Bucket: config.bucket, Key: key, Body: 'x' }))
      for (let i = 0; i < keys.length; i += 25) await Promise.all(keys.slice(i, i + 25).map(put))
      const store = await openStore(config)
      expect((await collect(store.list('a/'))).sort()).toEqual(keys.sort())
    })
  })

  describe('an S3 store that cannot work', () => {
    it('reports a missing bucket', async () => {
      const store = await openStore({ ...(await server.newBucket()), bucket: 'not-there' })
      await expectUnavailable(store)
    })

    it('reports wrong credentials, also when the server does not read the body', async () => {
      const config = await server.newBucket()
      const credentials = { ...server.credentials, secretAccessKey: 'wrong' }
      const store = await openStore({ ...config, credentials })
      await expectUnavailable(store)
      for (const size of [1_900_000, 8_000_000, 20_000_000])
        await expect(store.put('b/c', sealed(pattern(size)))).rejects.toMatchObject({
          code: 'store_unavailable',
        })
    })
  })
}

async function expectUnavailable(store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  const unavailable = { code: 'store_unavailable', message: 'the object store cannot be reached' }
  await expect(store.check()).rejects.toMatchObject(unavailable)
  await expect(store.put('a/b', sealed(pattern(10)))).rejects.toMatchObject(unavailable)
  await expect(store.get('a/b')).rejects.toMatchObject(unavailable)
  await expect(store.size('a/b')).rejects.toMatchObject(unavailable)
  await expect(store.delete('a/b')).rejects.toMatchObject(unavailable)
  await expect(collect(store.list(''))).rejects.toMatchObject(unavailable)
  await expect(store.sweepPartial(0, Date.now())).rejects.toMatchObject(unavailable)
}
