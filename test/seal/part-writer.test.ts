import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Body, ByteSource } from '../../src/seal/open/open-packets.js'
import { TAG } from '../../src/seal/packets.js'
import { PartWriter } from '../../src/seal/part-writer.js'
import { collect, content, split } from './_seal.js'

const CHUNK = 2 ** 20
/** RFC 9580 section 4.2.1.4: minimum for the first partial length. */
const LEAST_FIRST = 512

const sizes = fc.oneof(fc.nat(70), fc.constantFrom(4095, 4096, 65_536, CHUNK), fc.nat(CHUNK))
const writes = fc.array(fc.array(sizes, { maxLength: 5 }), { maxLength: 4 })

interface Written {
  readonly content: Buffer
  readonly pieces: readonly Buffer[]
}

/** Each list is one write, and the last one is passed to `end`. */
function written(lists: readonly (readonly number[])[], last: readonly number[]): Written {
  const pieces: Buffer[] = []
  const all: Buffer[] = []
  const make = (list: readonly number[]) =>
    list.map((size) => {
      const piece = content(size)
      all.push(Buffer.from(piece))
      return piece
    })
  const writer = new PartWriter(TAG.protected, (piece) => pieces.push(piece))
  for (const list of lists) writer.write(make(list))
  writer.end(make(last))
  return { content: Buffer.concat(all), pieces }
}

async function read(packet: Buffer): Promise<Buffer> {
  const source = new ByteSource(split(packet, 1000))
  const body = await Body.next(source)
  if (body?.tag !== TAG.protected) throw new Error('another packet')
  const whole = await collect(body.rest())
  expect(await source.octet()).toBeUndefined()
  return whole
}

test('any pieces are read back as written, and emitted buffers share no memory', async () => {
  const first = fc.integer({ min: LEAST_FIRST, max: CHUNK })
  await fc.assert(
    fc.asyncProperty(
      first,
      writes,
      fc.array(sizes, { maxLength: 3 }),
      async (size, lists, last) => {
        const { content, pieces } = written([[size], ...lists], last)
        expect((await read(Buffer.concat(pieces))).equals(content)).toBe(true)
        const large = pieces.filter(({ buffer }) => buffer.byteLength > Buffer.poolSize)
        expect(new Set(large.map(({ buffer }) => buffer)).size).toBe(large.length)
      },
    ),
    { numRuns: 60 },
  )
})

test('a single write gets a definite length, however long it is', async () => {
  for (const size of [0, 1, 191, 192, 8383, 8384, CHUNK]) {
    const { content, pieces } = written([], [size, 16])
    const packet = Buffer.concat(pieces)
    const lengthOctets = packet.length - 1 - content.length
    expect(lengthOctets).toBe(content.length < 192 ? 1 : content.length < 8384 ? 2 : 5)
    expect((await read(packet)).equals(content)).toBe(true)
  }
})

test('a chunk and its tag are emitted in separate parts, without copying', () => {
  const chunk = content(CHUNK)
  const pieces: Buffer[] = []
  const writer = new PartWriter(TAG.protected, (piece) => pieces.push(piece))
  writer.write([content(36), content(CHUNK), content(16)])
  writer.write([chunk, content(16)])
  writer.write([content(CHUNK), content(16)])
  writer.end([content(16)])
  const at = pieces.findIndex(({ buffer }) => buffer === chunk.buffer)
  expect(at).toBeGreaterThan(0)
  expect(pieces[at - 1]?.at(-1)).toBe(224 + 20)
  expect(pieces[at + 1]?.[0]).toBe(224 + 4)
})
