/** The contract of every object store. Each function is one test body. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { NocturneError } from '../../src/lib/errors.js'
import { randomName } from '../../src/lib/ids.js'
import type { ObjectStore } from '../../src/store/index.js'
import { collect, digestOf, failing, pattern, sealed } from './_sealed.js'

const MIB = 1024 * 1024
const SLOW = 60_000

/** Declares the tests. Each test calls `open`; the opened stores may share one place. */
export function testObjectStore(open: () => Promise<ObjectStore>): void {
  describe('an object', () => {
    it.each([
      ['empty', 0],
      ['of one byte', 1],
      ['of 512 KiB', 512 * 1024],
      ['of exactly one part', 8 * MIB],
      ['of one part and a byte', 8 * MIB + 1],
      ['of 40 MiB', 40 * MIB],
    ])(
      'comes back as it was put: %s',
      async (_name, size) => {
        const store = await open()
        const key = newKey()
        const source = sealed(pattern(size))
        await expect(store.put(key, source)).resolves.toEqual({ key, size })
        await expect(store.size(key)).resolves.toBe(size)
        const expected = { sha256: source.digests().ciphertext.sha256, size }
        await expect(digestOf(await store.get(key))).resolves.toEqual(expected)
      },
      SLOW,
    )

    it('has the same bytes however its stream was split', async () => {
      const store = await open()
      const cuts = fc.array(fc.nat(200_000), { maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(fc.nat(1_500_000), cuts, async (size, lengths) => {
          const whole = Buffer.concat([...pattern(size)])
          const key = newKey()
          await store.put(key, sealed(cut(whole, lengths)))
          const read = Buffer.concat(await collect(await store.get(key)))
          expect(read.equals(whole)).toBe(true)
          await store.delete(key)
        }),
        { numRuns: 15 },
      )
    })

    it('can be read in any range', async () => {
      const store = await open()
      const whole = Buffer.concat([...pattern(1_300_000)])
      const key = newKey()
      await store.put(key, sealed([whole]))
      const position = fc.nat(whole.length - 1)
      await fc.assert(
        fc.asyncProperty(position, position, async (a, b) => {
          const range = { start: Math.min(a, b), end: Math.max(a, b) }
          const read = Buffer.concat(await collect(await store.get(key, range)))
          expect(read.equals(whole.subarray(range.start, range.end + 1))).toBe(true)
        }),
        {
          numRuns: 20,
          examples: [
            [0, 0],
            [0, whole.length - 1],
            [whole.length - 1, whole.length - 1],
          ],
        },
      )
    })

    it('that is shorter than the range causes an error instead of an early end', async () => {
      const store = await open()
      const key = newKey()
      await store.put(key, sealed(pattern(1000)))
      await expect(readRange(store, key, 500, 1000)).rejects.toMatchObject({
        code: 'object_missing',
      })
      await expect(readRange(store, key, 1000, 1001)).rejects.toMatchObject({
        code: 'object_missing',
      })
    })

    it('that does not exist is reported missing, has no size, and can be deleted', async () => {
      const store = await open()
      const key = newKey()
      await expect(store.get(key)).rejects.toMatchObject({ code: 'object_missing' })
      await expect(store.size(key)).resolves.toBeUndefined()
      await expect(store.delete(key)).resolves.toBeUndefined()
    })

    it('is gone once deleted', async () => {
      const store = await open()
      const key = newKey()
      await store.put(key, sealed(pattern(10)))
      await store.delete(key)
      await expect(store.get(key)).rejects.toMatchObject({ code: 'object_missing' })
      await expect(store.size(key)).resolves.toBeUndefined()
    })

    it.each([
      ['small', 1000],
      ['large', 9 * MIB],
    ])(
      'is never written over: %s',
      async (_name, size) => {
        const store = await open()
        const key = newKey()
        const first = await digestOf(pattern(size, 1))
        await store.put(key, sealed(pattern(size, 1)))
        await expect(store.put(key, sealed(pattern(size, 2)))).rejects.toBeInstanceOf(NocturneError)
        await expect(digestOf(await store.get(key))).resolves.toEqual(first)
      },
      SLOW,
    )

    it('is stored by only one of twelve concurrent puts under its key', async () => {
      const store = await open()
      const key = newKey()
      const puts = Array.from({ length: 12 }, (_, seed) =>
        store.put(key, sealed(pattern(5000, seed))),
      )
      const outcomes = await Promise.allSettled(puts)
      const winners = outcomes.flatMap((one, seed) => (one.status === 'fulfilled' ? [seed] : []))
      expect(winners).toHaveLength(1)
      const expected = await digestOf(pattern(5000, winners[0]))
      await expect(digestOf(await store.get(key))).resolves.toEqual(expected)
    })
  })

  describe('a put', () => {
    it.each([
      ['at once', 0],
      ['within the first part', 100_000],
      ['among later parts', 20 * MIB],
    ])(
      'whose source fails %s throws what the source threw and leaves nothing',
      async (_name, size) => {
        const store = await open()
        const prefix = randomName()
        const failure = new NocturneError('truncated')
        const put = store.put(`${prefix}/a`, sealed(failing(size, failure)))
        await expect(put).rejects.toBe(failure)
        await expect(collect(store.list(prefix))).resolves.toEqual([])
        await expect(store.size(`${prefix}/a`)).resolves.toBeUndefined()
        await expect(store.sweepPartial(0, Date.now())).resolves.toBe(0)
      },
      SLOW,
    )

    it('among many concurrent ones stores every object completely', async () => {
      const store = await open()
      const prefix = randomName()
      const keys = Array.from({ length: 40 }, (_, i) => `${prefix}/${i % 3}/${i}`)
      await Promise.all(keys.map((key, seed) => store.put(key, sealed(pattern(300_000, seed)))))
      for (const [seed, key] of keys.entries())
        await expect(digestOf(await store.get(key))).resolves.toEqual(
          await digestOf(pattern(300_000, seed)),
        )
    })

    it(
      'slows down its source instead of buffering it',
      async () => {
        const store = await open()
        const key = newKey()
        let made = 0
        const chunk = Buffer.alloc(MIB)
        const endless = (function* () {
          for (; made < 200; made++) yield chunk
          throw new NocturneError('truncated')
        })()
        const before = process.memoryUsage().arrayBuffers
        let most = 0
        const watch = setInterval(
          () => (most = Math.max(most, process.memoryUsage().arrayBuffers)),
          5,
        )
        await expect(store.put(key, sealed(endless))).rejects.toMatchObject({ code: 'truncated' })
        clearInterval(watch)
        expect(made).toBe(200)
        expect(most - before).toBeLessThan(120 * MIB)
      },
      SLOW,
    )

    it.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'A', 'a.b', '.partial/a', 'a/b\n', 'ä'])(
      'refuses an invalid key: %j',
      async (key) => {
        const store = await open()
        await expect(store.put(key, sealed(pattern(1)))).rejects.toBeInstanceOf(TypeError)
        await expect(store.get(key)).rejects.toBeInstanceOf(TypeError)
        await expect(store.delete(key)).rejects.toBeInstanceOf(TypeError)
      },
    )
  })

  describe('a listing', () => {
    it('names every key under the prefix and no other', async () => {
      const store = await open()
      const prefix = randomName()
      const inside = ['a', 'a/b', 'a/b-c/d', 'ab', 'b/c'].map((name) => `${prefix}/${name}`)
      for (const key of inside) await store.put(key, sealed(pattern(1)))
      await store.put(newKey(), sealed(pattern(1)))
      const list = async (of: string) => (await collect(store.list(of))).sort()
      await expect(list(prefix)).resolves.toEqual([...inside].sort())
      await expect(list(`${prefix}/a`)).resolves.toEqual(
        inside.filter((key) => key.startsWith(`${prefix}/a`)).sort(),
      )
      await expect(list(`${prefix}/a/`)).resolves.toEqual([`${prefix}/a/b`, `${prefix}/a/b-c/d`])
      await expect(list(`${prefix}/none`)).resolves.toEqual([])
    })

    it('can be used to delete what it names', async () => {
      const store = await open()
      const prefix = randomName()
      const keys = Array.from({ length: 30 }, (_, i) => `${prefix}/${i % 4}/${i}`)
      await Promise.all(keys.map((key) => store.put(key, sealed(pattern(1)))))
      const deleted: string[] = []
      for await (const key of store.list(`${prefix}/`)) {
        await store.delete(key)
        deleted.push(key)
      }
      expect(deleted.sort()).toEqual(keys.sort())
      await expect(collect(store.list(prefix))).resolves.toEqual([])
    })

    it('is unchanged by the check of the store', async () => {
      const store = await open()
      const before = (await collect(store.list(''))).length
      await expect(store.check()).resolves.toBeUndefined()
      expect(await collect(store.list(''))).toHaveLength(before)
    })
  })

  it(
    'does not sweep a put in progress',
    async () => {
      const store = await open()
      const key = newKey()
      const size = 20 * MIB
      const swept: number[] = []
      const slow = (async function* () {
        let sent = 0
        for (const chunk of pattern(size)) {
          yield chunk
          sent += chunk.length
          if (sent % (4 * MIB) === 0) swept.push(await store.sweepPartial(0, Date.now()))
        }
      })()
      await store.put(key, sealed(slow))
      expect(swept).toEqual([0, 0, 0, 0, 0])
      await expect(digestOf(await store.get(key))).resolves.toEqual(await digestOf(pattern(size)))
    },
    SLOW,
  )
}

const newKey = (): string => `${randomName()}/${randomName()}`

const readRange = async (store: ObjectStore, key: string, start: number, end: number) =>
  collect(await store.get(key, { start, end }))

function* cut(whole: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let offset = 0
  for (const length of lengths) {
    yield whole.subarray(offset, offset + length)
    offset += length
  }
  yield whole.subarray(offset)
}
