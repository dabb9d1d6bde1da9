import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/store/index.js'
import { testObjectStore } from './_contract.js'
import { collect, pattern, sealed } from './_sealed.js'

const root = await mkdtemp(join(tmpdir(), 'nocturne-store-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const newFolder = async () => join(await mkdtemp(join(root, 'x-')), 'data/objects')
const openAt = (path: string) => openStore({ kind: 'files', path })

describe('the files store', () => {
  const shared = join(root, 'shared')
  testObjectStore(() => openAt(shared))

  it('makes everything accessible only to its owner', async () => {
    const path = await newFolder()
    const store = await openAt(path)
    await store.put('a/b', sealed(pattern(10)))
    const modes = await Promise.all(
      ['', '.partial', 'a', 'a/b.sealed'].map(async (name) => (await stat(join(path, name))).mode),
    )
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '700', '700', '600'])
  })

  it('reads objects put before a restart', async () => {
    const path = await newFolder()
    await (await openAt(path)).put('a/b', sealed(pattern(10)))
    await expect((await openAt(path)).size('a/b')).resolves.toBe(10)
  })

  it('sweeps leftovers that are old enough, and nothing else', async () => {
    const path = await newFolder()
    const store = await openAt(path)
    await store.put('a/b', sealed(pattern(10)))
    const [old, young] = [join(path, '.partial/old'), join(path, '.partial/young')]
    await writeFile(old, 'x')
    await writeFile(young, 'x')
    const hourAgo = Date.now() / 1000 - 3600
    await utimes(old, hourAgo, hourAgo)
    await expect(store.sweepPartial(60_000, Date.now())).resolves.toBe(1)
    await expect(readdir(join(path, '.partial'))).resolves.toEqual(['young'])
    await expect(collect(store.list(''))).resolves.toEqual(['a/b'])
  })

  it('removes folders with their last object, while others are put there', async () => {
    const path = await newFolder()
    const store = await openAt(path)
    const keys = Array.from({ length: 60 }, (_, i) => `a/${i % 4}/${i}`)
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        keys.map(async (key) => {
          await store.put(key, sealed(pattern(10)))
          await store.delete(key)
        }),
      )
    }
    await expect(readdir(path)).resolves.toEqual(['.partial'])
    await expect(readdir(join(path, '.partial'))).resolves.toEqual([])
  })

  it('puts objects whose folder another process has swept', async () => {
    const path = await newFolder()
    const store = await openAt(path)
    await store.put('t/upload/a', sealed(pattern(10)))
    await rm(join(path, 't'), { recursive: true })
    await store.put('t/upload/b', sealed(pattern(20)))
    await expect(store.size('t/upload/b')).resolves.toBe(20)
  })

  it('reports a file that was truncated while being read', async () => {
    const path = await newFolder()
    const store = await openAt(path)
    await store.put('a', sealed(pattern(3_000_000)))
    const body = await store.get('a')
    await truncate(join(path, 'a.sealed'), 1_000_000)
    await expect(collect(body)).rejects.toMatchObject({ code: 'object_missing' })
  })

  it('reports a folder that cannot be created or is gone', async () => {
    const path = await newFolder()
    const store = await openAt(path)
    await rm(path, { recursive: true })
    await writeFile(path, '')
    await expect(openAt(path)).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(store.check()).rejects.toMatchObject({ code: 'store_unavailable' })
    const put = store.put('a', sealed(pattern(10)))
    await expect(put).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
