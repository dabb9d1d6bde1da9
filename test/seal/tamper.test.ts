import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { newEnvelope } from '../../src/seal/index.js'
import { attempt, collect, content, message, person, sealTo, split } from './_seal.js'
import type { Person } from './_seal.js'

const CHUNK = 2 ** 18
const refused = { released: Buffer.alloc(0), code: 'cannot_open' }

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = changed[at]! ^ 0x01
  return changed
}

describe.each(['seipd1', 'seipd2'] as const)('a changed %s message', (format) => {
  let reader: Person
  let small: Buffer
  let large: Buffer
  let keyBytes: number
  beforeAll(async () => {
    reader = await person('reader-1', format)
    const envelope = await newEnvelope([reader.recipient])
    keyBytes = envelope.keyPackets[0]!.packet.length
    small = await message(envelope, content(50))
    large = await message(envelope, content(3 * CHUNK))
  })

  it('is refused whichever octet of the data is flipped', async () => {
    for (let at = keyBytes; at < small.length; at++) {
      const { code, released } = await attempt(flipped(small, at), reader.key)
      expect({ at, code }).toEqual({ at, code: 'cannot_open' })
      // Version 1 gives out before it knows; the caller learns from the error that it must not keep it.
      if (format === 'seipd2') expect(released.length).toBe(0)
    }
  }, 60_000)

  it('is refused, or opens to the same, whichever octet of the key packet is flipped', async () => {
    let refusals = 0
    for (let at = 0; at < keyBytes; at++) {
      // The packet's address (which key) and an MPI's bit count are not authenticated, and change nothing that opens.
      const { code, released } = await attempt(flipped(small, at), reader.key)
      if (code === 'cannot_open') refusals++
      else expect(released).toEqual(content(50))
    }
    expect(refusals).toBeGreaterThan(80)
  }, 60_000)

  it('is refused wherever it is cut', async () => {
    for (let end = 0; end < small.length; end++)
      expect({ end, code: (await attempt(small.subarray(0, end), reader.key)).code }).toEqual({
        end,
        code: 'cannot_open',
      })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: large.length - 1 }), async (end) => {
        expect((await attempt(large.subarray(0, end), reader.key)).code).toBe('cannot_open')
      }),
      { numRuns: 20 },
    )
  }, 60_000)

  it('is refused when something follows it', async () => {
    expect((await attempt(Buffer.concat([small, small]), reader.key)).code).toBe('cannot_open')
    expect((await attempt(Buffer.concat([small, Buffer.of(0)]), reader.key)).code).toBe(
      'cannot_open',
    )
  })

  it('is refused to another key, and gives that nothing', async () => {
    expect(await attempt(small, (await person('reader-2')).key)).toEqual(refused)
  })

  it('is refused under the key packet of another envelope', async () => {
    const other = await sealTo(reader, content(50))
    const mixed = Buffer.concat([other.subarray(0, keyBytes), small.subarray(keyBytes)])
    const { code, released } = await attempt(mixed, reader.key)
    expect(code).toBe('cannot_open')
    if (format === 'seipd2') expect(released.length).toBe(0)
  })

  it('is refused when blocks are swapped, repeated or left out', async () => {
    const block = (from: number): Buffer => large.subarray(from, from + CHUNK + 1)
    const first = keyBytes + 1
    const blocks = [0, 1, 2].map((index) => block(first + index * (CHUNK + 1)))
    const rest = large.subarray(first + 3 * (CHUNK + 1))
    const head = large.subarray(0, first)
    for (const order of [
      [0, 2, 1],
      [0, 1, 1, 2],
      [0, 2],
      [0, 0, 1, 2],
      [1, 0, 2],
      [0, 1],
    ]) {
      const mixed = Buffer.concat([head, ...order.map((index) => blocks[index]!), rest])
      expect((await attempt(mixed, reader.key)).code).toBe('cannot_open')
    }
  })
})

describe('version 2', () => {
  it('gives out no octet of the chunk that was changed, nor of one after it', async () => {
    const reader = await person('reader-1')
    const plain = content(4 * CHUNK)
    const bytes = await sealTo(reader, plain)
    for (const chunk of [0, 1, 2, 3]) {
      const { released, code } = await attempt(
        flipped(bytes, 200 + chunk * (CHUNK + 16)),
        reader.key,
      )
      expect(code).toBe('cannot_open')
      expect(released.length).toBeLessThanOrEqual(chunk * CHUNK)
      expect(released.equals(plain.subarray(0, released.length))).toBe(true)
    }
  })

  it('takes no chunk of another item of the same envelope', async () => {
    const reader = await person('reader-1')
    const envelope = await newEnvelope([reader.recipient])
    const [one, two] = [
      await message(envelope, content(3 * CHUNK)),
      await message(envelope, content(3 * CHUNK)),
    ]
    const at = one.length >> 1
    const { code } = await attempt(
      Buffer.concat([one.subarray(0, at), two.subarray(at)]),
      reader.key,
    )
    expect(code).toBe('cannot_open')
  })

  it('cannot be passed off as version 1, nor the other way round', async () => {
    const modern = await person('a')
    const two = await newEnvelope([modern.recipient])
    const one = await newEnvelope([{ ...modern.recipient, takesSeipd2: false }])
    const dataTwo = await collect(two.seal(split(content(50))).bytes)
    const dataOne = await collect(one.seal(split(content(50))).bytes)
    const downgraded = Buffer.concat([two.keyPackets[0]!.packet, dataOne])
    const upgraded = Buffer.concat([one.keyPackets[0]!.packet, dataTwo])
    expect(await attempt(downgraded, modern.key)).toEqual(refused)
    expect(await attempt(upgraded, modern.key)).toEqual(refused)
  })
})
