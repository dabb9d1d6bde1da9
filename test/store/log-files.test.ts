import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomName } from '../../src/lib/ids.js'
import { findAltered } from '../../src/ledger/published/altered.js'
import { openLogFiles, openStore } from '../../src/store/index.js'
import { startS3 } from '../_ceph.js'
import { testLogFiles } from './_log-files.js'
import { collect, pattern, sealed } from './_sealed.js'

const root = await mkdtemp(join(tmpdir(), 'nocturne-log-files-'))
afterAll(() => rm(root, { recursive: true, force: true }))

describe('a published log in a folder', () => {
  testLogFiles(() => openLogFiles({ kind: 'files', path: join(root, 'shared') }))

  it('is not among the objects of the store in the same folder', async () => {
    const path = join(root, 'beside')
    const files = await openLogFiles({ kind: 'files', path })
    const store = await openStore({ kind: 'files', path })
    await files.putOnce('tile/0/000', Buffer.from('x'))
    await store.put('t/a', sealed(pattern(10)))
    await expect(collect(store.list(''))).resolves.toEqual(['t/a'])
    await expect(store.put('log/a', sealed(pattern(10)))).rejects.toThrow(TypeError)
  })
})

const server = await startS3()

if ('skip' in server) {
  describe.skip(`a published log in a bucket (${server.skip})`, () => it('runs', () => undefined))
} else {
  afterAll(() => server.stop())
  const inAnHour = () => new Date(Date.now() + 3_600_000)

  describe('a published log in a bucket', () => {
    const shared = server.newBucket()
    testLogFiles(async () => openLogFiles({ ...(await shared), prefix: 'site/a' }))

    it('is not among the objects of the store in the same bucket, and not locked', async () => {
      const config = await server.newBucket()
      const files = await openLogFiles(config)
      const store = await openStore(config)
      await expect(files.isLocked()).resolves.toBe(false)
      await files.putOnce('tile/0/000', Buffer.from('x'), inAnHour())
      await store.put('t/a', sealed(pattern(10)))
      await expect(collect(store.list(''))).resolves.toEqual(['t/a'])
    })
  })

  describe('a published log in a bucket with Object Lock', () => {
    const locked = (async () => {
      const config = await server.newBucket()
      const bucket = `nocturne-${randomName()}`
      await server.client.send(
        new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }),
      )
      return { ...config, bucket }
    })()
    testLogFiles(async () => openLogFiles(await locked))

    it('cannot be deleted before its date, even with full permissions', async () => {
      const { bucket, ...rest } = await locked
      const files = await openLogFiles({ bucket, ...rest })
      await expect(files.isLocked()).resolves.toBe(true)
      await files.putOnce('tile/0/999', Buffer.from('kept'), inAnHour())
      await files.putOnce('tile/0/998', Buffer.from('not kept'))
      const versions = async (name: string) => {
        const { Versions: found = [] } = await server.client.send(
          new ListObjectVersionsCommand({ Bucket: bucket, Prefix: `log/tile/0/${name}` }),
        )
        return found.map(({ Key, VersionId }) => ({ Key, VersionId }))
      }
      const [kept] = await versions('999')
      const [free] = await versions('998')
      await expect(
        server.client.send(
          new DeleteObjectCommand({ Bucket: bucket, ...kept!, BypassGovernanceRetention: true }),
        ),
      ).rejects.toMatchObject({ name: 'AccessDenied' })
      await server.client.send(new DeleteObjectCommand({ Bucket: bucket, ...free! }))
      expect(await versions('999')).toHaveLength(1)
      expect(await versions('998')).toHaveLength(0)
    })

    it('removes a file permanently with all versions, unless a lock protects one', async () => {
      const { bucket } = await locked
      const files = await openLogFiles(await locked)
      const until = inAnHour()
      await files.putOnce('tile/entries/700', Buffer.from('kept'), until)
      await files.replace('tile/entries/701', Buffer.from('one'))
      await files.replace('tile/entries/701', Buffer.from('two'))
      const lockedUntil = await files.lockedUntil('tile/entries/700')
      expect(Math.abs((lockedUntil?.getTime() ?? 0) - until.getTime())).toBeLessThan(1_000)
      await expect(files.lockedUntil('tile/entries/701')).resolves.toBeUndefined()
      await expect(files.lockedUntil('tile/entries/702')).resolves.toBeUndefined()
      await expect(files.remove('tile/entries/700')).resolves.toBe(false)
      await expect(files.remove('tile/entries/701')).resolves.toBe(true)
      await expect(files.remove('tile/entries/702')).resolves.toBe(true)
      const left = await server.client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'log/tile/entries/70' }),
      )
      expect(left.Versions?.map(({ Key }) => Key)).toEqual(['log/tile/entries/700'])
      expect(left.DeleteMarkers ?? []).toEqual([])
    })

    it('lists files hidden by a delete marker or covered by another version', async () => {
      const bucket = `nocturne-${randomName()}`
      await server.client.send(
        new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }),
      )
      const files = await openLogFiles({ ...(await locked), bucket })
      const names = ['tile/0/000', 'tile/0/001', 'tile/entries/000', 'tile/entries/001']
      for (const name of [...names, 'checkpoints/0000000000000512'])
        await files.putOnce(name, Buffer.from(name), inAnHour())
      // Files that change as a matter of course are not checked, nor is the same content written
      // twice.
      await files.putOnce('tile/0/002.p/7', Buffer.from('partial'))
      await files.removeFolder('tile/0/002.p')
      for (const text of ['one', 'two']) await files.replace('checkpoint', Buffer.from(text))
      await files.replace('tile/0/001', Buffer.from('tile/0/001'))
      await expect(collect(files.altered())).resolves.toEqual([])

      const hide = (name: string) =>
        server.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `log/${name}` }))
      for (const text of ['another history', 'and another'])
        await files.replace('tile/0/000', Buffer.from(text))
      for (const name of ['tile/entries/001', 'checkpoint', 'checkpoints/0000000000000512'])
        await hide(name)
      await expect(collect(files.altered())).resolves.toEqual([
        { path: 'checkpoint', how: 'hidden' },
        { path: 'checkpoints/0000000000000512', how: 'hidden' },
        { path: 'tile/0/000', how: 'replaced' },
        { path: 'tile/entries/001', how: 'hidden' },
      ])
      await expect(findAltered(files)).resolves.toEqual({
        problem: 'log/checkpoint is hidden by a delete marker in the bucket',
        badIndex: 0,
      })
    })
  })

  it('reports a missing bucket', async () => {
    const config = { ...(await server.newBucket()), bucket: 'not-there' }
    const files = await openLogFiles(config)
    for (const ask of [
      () => files.isLocked(),
      () => files.read('checkpoint'),
      () => files.replace('checkpoint', Buffer.alloc(1)),
      () => collect(files.names('tile')),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'store_unavailable' })
  })
}
