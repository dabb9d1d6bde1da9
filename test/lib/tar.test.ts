import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readTar, tarOf } from '../../src/lib/tar.js'

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function packed(files: readonly (readonly [string, Buffer])[]): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const source = (async function* () {
    await Promise.resolve()
    for (const [name, bytes] of files) yield { name, size: bytes.length, content: cut(bytes, [7]) }
  })()
  for await (const chunk of tarOf(source)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function unpacked(archive: AsyncIterable<Uint8Array>): Promise<[string, Buffer][]> {
  const files: [string, Buffer][] = []
  for await (const { name, content } of readTar(archive)) {
    const chunks: Uint8Array[] = []
    for await (const chunk of content) chunks.push(chunk)
    files.push([name, Buffer.concat(chunks)])
  }
  return files
}

const name = fc.stringMatching(/^[a-z]{1,40}(\/[a-z]{1,40}){0,4}$/)
const file = fc.tuple(
  name,
  fc.uint8Array({ maxLength: 1_500 }).map((bytes) => Buffer.from(bytes)),
)

describe('tar', () => {
  it('gives back what was put in, however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 4 }),
        async (files, sizes) => {
          expect(await unpacked(cut(await packed(files), sizes))).toEqual(files)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('refuses an archive that ends early, is none, or names a path outside', async () => {
    const archive = await packed([['a', Buffer.alloc(1_000, 1)]])
    for (const length of [0, 100, 700, 1_500])
      await expect(unpacked(cut(archive.subarray(0, length), [64]))).rejects.toThrow(TypeError)
    for (const outside of ['/etc/passwd', 'a/../../b'])
      await expect(
        unpacked(cut(await packed([[outside, Buffer.from('x')]]), [64])),
      ).rejects.toThrow('not an archive')
  })

  it('skips what its reader does not want', async () => {
    const archive = await packed([
      ['a', Buffer.alloc(999, 1)],
      ['b', Buffer.from('end')],
    ])
    const names: string[] = []
    for await (const one of readTar(cut(archive, [100]))) {
      for await (const chunk of one.content) if (chunk.length > 0) break
      names.push(one.name)
    }
    expect(names).toEqual(['a', 'b'])
  })
})
