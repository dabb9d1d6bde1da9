import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { setTimeout } from 'node:timers/promises'
import { webCiphers } from '../../src/seal/browser.js'
import { newEnvelope, nodeCiphers } from '../../src/seal/index.js'
import { openMessage } from '../../src/seal/open/open.js'
import type { Ciphers } from '../../src/seal/ciphers.js'
import { attempt, collect, content, message, person, sealTo, split } from './_seal.js'
import type { Person } from './_seal.js'

const CHUNK = 2 ** 20
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
    const envelope = await newEnvelope([reader.recipient], new Date())
    keyBytes = envelope.keyPackets[0]!.packet.length
    small = await message(envelope, content(50))
    large = await message(envelope, content(3 * CHUNK))
  })

  it('is refused whichever octet of the data is flipped', async () => {
    for (let at = keyBytes; at < small.length; at++) {
      const { code, released } = await attempt(flipped(small, at), reader.key)
      expect({ at, code }).toEqual({ at, code: 'cannot_open' })
      // Version 1 releases content before it is authenticated; the error tells the caller to
      // discard it.
      if (format === 'seipd2') expect(released.length).toBe(0)
    }
  }, 60_000)

  it('is refused or opens to the same content, whichever octet of the key packet is flipped', async () => {
    let refusals = 0
    for (let at = 0; at < keyBytes; at++) {
      // The packet's key address and an MPI's bit count are not authenticated, and do not affect
      // what is opened.
      const { code, released } = await attempt(flipped(small, at), reader.key)
      if (code === 'cannot_open' || code === 'not_sealed_to_key') refusals++
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

  it('is refused when data follows it', async () => {
    expect((await attempt(Buffer.concat([small, small]), reader.key)).code).toBe('cannot_open')
    expect((await attempt(Buffer.concat([small, Buffer.of(0)]), reader.key)).code).toBe(
      'cannot_open',
    )
  })

  it('is refused with another key, and releases nothing', async () => {
    expect(await attempt(small, (await person('reader-2')).key)).toEqual({
      ...refused,
      code: 'not_sealed_to_key',
    })
  })

  it('is refused with the key packet of another envelope', async () => {
    const other = await sealTo(reader, content(50))
    const mixed = Buffer.concat([other.subarray(0, keyBytes), small.subarray(keyBytes)])
    const { code, released } = await attempt(mixed, reader.key)
    expect(code).toBe('cannot_open')
    if (format === 'seipd2') expect(released.length).toBe(0)
  })

  it('is refused when blocks are swapped, repeated or omitted', async () => {
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
  it.each([
    ['one chunk after another', nodeCiphers],
    ['several at a time', webCiphers],
  ])(
    'gives out no octet of the chunk that was changed, nor of one after it, opening %s',
    async (_how, ciphers) => {
      const reader = await person('reader-1')
      const plain = content(6 * CHUNK)
      const bytes = await sealTo(reader, plain)
      const whole = await attempt(bytes, reader.key, ciphers)
      expect(whole.code).toBeUndefined()
      expect(whole.released.equals(plain)).toBe(true)
      for (const chunk of [0, 1, 2, 3, 5]) {
        const changed = flipped(bytes, 200 + chunk * (CHUNK + 16))
        const { released, code } = await attempt(changed, reader.key, ciphers)
        expect(code).toBe('cannot_open')
        expect(released.length).toBeLessThanOrEqual(chunk * CHUNK)
        expect(released.equals(plain.subarray(0, released.length))).toBe(true)
      }
    },
  )

  it('has no chunk in progress after its caller has given up', async () => {
    const reader = await person('reader-1')
    const bytes = flipped(await sealTo(reader, content(6 * CHUNK)), 200 + 2 * (CHUNK + 16))
    let underWay = 0
    const ciphers: Ciphers = {
      ...webCiphers,
      openGcm: async (key) => {
        const openGcm = await webCiphers.openGcm(key)
        return async (...sealed) => {
          underWay += 1
          try {
            return await openGcm(...sealed)
          } finally {
            underWay -= 1
          }
        }
      },
    }
    const pieces = openMessage(split(bytes, 100_000), [reader.key], { ciphers })
    expect((await pieces.next()).done).toBe(false)
    // The third chunk, which was changed, fails while nobody is awaiting it.
    await setTimeout(50)
    await pieces.return(undefined)
    expect(underWay).toBe(0)
  })

  it('releases a message that fills one chunk exactly as a whole or not at all', async () => {
    const reader = await person('reader-1')
    const brim = await sealTo(reader, content(CHUNK - 12))
    const { released, code } = await attempt(flipped(brim, brim.length - 1), reader.key)
    expect({ code, size: released.length }).toEqual({ code: 'cannot_open', size: 0 })
  })

  it('accepts no chunk of another item of the same envelope', async () => {
    const reader = await person('reader-1')
    const envelope = await newEnvelope([reader.recipient], new Date())
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

  it('cannot be passed off as version 1, or vice versa', async () => {
    const modern = await person('a')
    const two = await newEnvelope([modern.recipient], new Date())
    const one = await newEnvelope([{ ...modern.recipient, takesSeipd2: false }], new Date())
    const dataTwo = await collect(two.seal(split(content(50))).bytes)
    const dataOne = await collect(one.seal(split(content(50))).bytes)
    const downgraded = Buffer.concat([two.keyPackets[0]!.packet, dataOne])
    const upgraded = Buffer.concat([one.keyPackets[0]!.packet, dataTwo])
    expect(await attempt(downgraded, modern.key)).toEqual(refused)
    expect(await attempt(upgraded, modern.key)).toEqual(refused)
  })
})
