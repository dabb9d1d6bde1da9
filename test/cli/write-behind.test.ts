import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBehind } from '../../src/cli/write-behind.js'

const MB = 2 ** 20

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nocturne-write-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Pieces of one buffer, as the opening code yields them: each overwrites the previous one. */
async function* transient(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(memory, 0, at, at + size)
    yield await Promise.resolve(memory.subarray(0, length))
    memory.fill(0)
  }
}

const explain = (error: unknown) => new Error('the disk refused', { cause: error })

describe('writing behind', () => {
  it.each([
    [0, 1],
    [1, 1],
    [MB - 1, 65_536],
    [MB, MB],
    [MB + 1, MB],
    [3 * MB + 5, 2 * MB + 1],
    [70 * MB, MB],
  ])('gives a file of %d octets that came %d at a time', async (length, size) => {
    const bytes = randomBytes(length)
    const path = join(folder, `${length}`)
    const file = await open(path, 'wx')
    await writeBehind(file, transient(bytes, size), explain)
    await file.close()
    expect(bytes.equals(await readFile(path))).toBe(true)
    await rm(path)
  })

  it('reports what the disk refused, including the block being written', async () => {
    const path = join(folder, 'read-only')
    await (await open(path, 'wx')).close()
    for (const length of [1, 3 * MB]) {
      const file = await open(path, 'r')
      const writing = writeBehind(file, transient(randomBytes(length), MB), explain)
      await expect(writing).rejects.toThrow('the disk refused')
      await file.close()
    }
  })

  it('passes on errors from its content, and leaves the file to its owner', async () => {
    const file = await open(join(folder, 'broken'), 'wx')
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield* transient(randomBytes(2 * MB), MB)
      throw new Error('not authentic')
    }
    await expect(writeBehind(file, broken(), explain)).rejects.toThrow('not authentic')
    await file.close()
  })
})
