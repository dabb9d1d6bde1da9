/** The files store on a full or read-only disk, and in a process that is killed. */
import { afterAll, describe, expect, it } from '@jest/globals'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openStore } from '../../src/store/index.js'
import { buildCli } from '../cli/_cli.js'
import { collect, digestOf, pattern, sealed } from '../store/_sealed.js'

const run = promisify(execFile)
const root = await mkdtemp(join(tmpdir(), 'nocturne-files-'))
const disk = await mountSmallDisk()

afterAll(async () => {
  if (disk.path !== undefined) await run('umount', [disk.path])
  await rm(root, { recursive: true, force: true })
})

/** A disk of 4 MiB, or the reason why it is unavailable. */
async function mountSmallDisk(): Promise<{ readonly path?: string; readonly skip: string }> {
  if (process.getuid?.() !== 0) return { skip: 'needs root to mount a small disk' }
  const path = await mkdtemp(join(root, 'disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path])
    return { path, skip: '' }
  } catch {
    return { skip: 'a tmpfs cannot be mounted here' }
  }
}

const onDisk = disk.path === undefined ? describe.skip : describe
onDisk(`the files store on a small disk${disk.skip && ` (${disk.skip})`}`, () => {
  const path = join(disk.path ?? '', 'objects')
  const size = 300_000

  it('reports that it is full, keeps what it acknowledged, leaves nothing else, and continues when there is space', async () => {
    const store = await openStore({ kind: 'files', path })
    const acknowledged: number[] = []
    const putAll = async (first: number, bytes: number): Promise<void> => {
      for (let seed = first; ; seed++) {
        await store.put(`a/${seed}`, sealed(pattern(bytes, seed)))
        acknowledged.push(seed)
      }
    }
    await expect(putAll(0, size)).rejects.toMatchObject({ code: 'store_full' })
    const large = acknowledged.length
    expect(large).toBeGreaterThan(5)
    await expect(putAll(1000, 1)).rejects.toMatchObject({ code: 'store_full' })
    await expect(store.check()).rejects.toMatchObject({ code: 'store_full' })

    expect(await readdir(join(path, '.partial'))).toEqual([])
    const keys = acknowledged.map((seed) => `a/${seed}`)
    expect((await collect(store.list(''))).sort()).toEqual(keys.sort())
    for (const seed of acknowledged.slice(0, large))
      expect(await digestOf(await store.get(`a/${seed}`))).toEqual(
        await digestOf(pattern(size, seed)),
      )

    await store.delete('a/0')
    await store.delete('a/1')
    await store.put('a/again', sealed(pattern(size)))
    await expect(store.check()).resolves.toBeUndefined()
  })

  it('reports that it cannot write when the disk is read-only, and still reads', async () => {
    const store = await openStore({ kind: 'files', path })
    await run('mount', ['-o', 'remount,ro', disk.path ?? ''])
    try {
      const unavailable = { code: 'store_unavailable' }
      await expect(store.put('b', sealed(pattern(1)))).rejects.toMatchObject(unavailable)
      await expect(store.check()).rejects.toMatchObject(unavailable)
      await expect(store.delete('a/again')).rejects.toMatchObject(unavailable)
      expect(await digestOf(await store.get('a/again'))).toEqual(await digestOf(pattern(size)))
    } finally {
      await run('mount', ['-o', 'remount,rw', disk.path ?? ''])
    }
    await expect(store.check()).resolves.toBeUndefined()
  })
})

const CALLERS = 8
const SIZE = 400_000

/**
 * Several concurrent callers of put; each acknowledged put is printed immediately. The content
 * comes from `pattern`.
 */
const CHILD = `
import { writeSync } from 'node:fs'
import { createCipheriv, createHash } from 'node:crypto'
const { DIST, DIR, FIRST } = process.env
const { openStore } = await import(DIST + '/store/index.js')
const store = await openStore({ kind: 'files', path: DIR })
let next = Number(FIRST)
async function* content(seed) {
  const key = createHash('sha256').update(String(seed)).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  for (let i = 0; i < 4; i++) yield stream.update(Buffer.alloc(${SIZE} / 4))
}
const loop = async () => {
  for (;;) {
    const seed = next++
    const key = 't/' + (seed >> 3) + '/' + seed
    await store.put(key, { bytes: content(seed) })
    writeSync(1, key + '\\n')
  }
}
await Promise.all(Array.from({ length: ${CALLERS} }, loop))
`

async function putAndKill(env: Record<string, string>, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const begun = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  await Promise.race([begun, ended])
  await sleep(afterMs)
  child.kill('SIGKILL')
  await ended
  return out.split('\n').slice(0, -1)
}

describe('the files store of a killed process', () => {
  it('has every acknowledged object complete, no partial ones, and leftovers only where they are swept', async () => {
    const DIST = join(dirname(await buildCli()), '..')
    const DIR = join(root, 'killed')
    const acknowledged = new Set<string>()
    let unacknowledged = 0
    let swept = 0
    for (let round = 0; round < 8; round++) {
      const env = { DIST, DIR, FIRST: String(round * 100_000) }
      const keys = await putAndKill(env, Math.random() * 150)
      expect(keys.length).toBeGreaterThan(0)
      for (const key of keys) acknowledged.add(key)

      const store = await openStore({ kind: 'files', path: DIR })
      const partial = (await readdir(join(DIR, '.partial'))).length
      await expect(store.sweepPartial(0, Date.now())).resolves.toBe(partial)
      expect(await readdir(join(DIR, '.partial'))).toEqual([])
      swept += partial
      const listed = new Set(await collect(store.list('')))
      for (const key of acknowledged) expect(listed).toContain(key)
      // Linked, but killed before the acknowledgement: complete, but not referenced.
      const unasked = [...listed].filter((key) => !acknowledged.has(key))
      expect(unasked.length - unacknowledged).toBeLessThanOrEqual(CALLERS)
      unacknowledged = unasked.length
      for (const key of [...keys, ...unasked])
        expect(await digestOf(await store.get(key))).toEqual(
          await digestOf(pattern(SIZE, Number(key.split('/')[2]))),
        )
    }
    // Otherwise no kill hit a put, and the test proved nothing.
    expect(swept).toBeGreaterThan(0)
  }, 120_000)
})
