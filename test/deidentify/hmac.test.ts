/** Compares our HMAC with that of node:crypto. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hmacUnder } from '../../src/deidentify/identity/hmac.js'
import { cachedDigests } from '../../src/deidentify/identity/digest-cache.js'

describe('the MAC of a text', () => {
  it('equals that of node:crypto, for any text of any length', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
    )
    fc.assert(
      fc.property(key, fc.array(text, { minLength: 1, maxLength: 4 }), (bytes, texts) => {
        const mac = hmacUnder(Buffer.from(bytes))
        for (const one of texts)
          expect(mac.ofText(one).toString('hex')).toBe(
            createHmac('sha256', bytes).update(one).digest('hex'),
          )
      }),
    )
  })

  it('equals it for a value at a path too, with its bytes read as Latin-1', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 600 }),
        fc.nat(20),
        (key, bytes, start) => {
          const value = Buffer.from(bytes).subarray(start)
          const text = `00100010\0${value.toString('latin1')}`
          expect(
            hmacUnder(Buffer.from(key)).ofValue(
              '00100010',
              Buffer.from(bytes),
              start,
              start + value.length,
            ),
          ).toBe(createHmac('sha256', key).update(text).digest().toString('base64url', 0, 6))
        },
      ),
    )
  })

  it('supports a value of several pieces', () => {
    const value = Buffer.alloc(200_000, 'é and e', 'latin1')
    const made = createHmac('sha256', Buffer.alloc(32)).update(
      `00420011\0${value.toString('latin1')}`,
    )
    expect(hmacUnder(Buffer.alloc(32)).ofValue('00420011', value, 0, value.length)).toBe(
      made.digest().toString('base64url', 0, 6),
    )
  })
})

describe('cached digests', () => {
  const { ofValue } = hmacUnder(Buffer.alloc(32, 1))

  it('equal computed ones, in any order and for any number of requests', () => {
    const path = fc.constantFrom('00100010', '00100020', '00081140[].00081155', '00081155')
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 3, max: 2 }),
      fc.uint8Array({ minLength: 120, maxLength: 140 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(path, value), { maxLength: 60 }), (asked) => {
        const digestOf = cachedDigests(ofValue)
        for (const [place, bytes] of [...asked, ...asked]) {
          const buffer = Buffer.from([7, ...bytes, 7])
          const end = bytes.length + 1
          expect(digestOf(place, buffer, 1, end)).toBe(ofValue(place, buffer, 1, end))
        }
      }),
    )
  })

  it('are computed once per value, and again after another value with the same hash', () => {
    let made = 0
    const digestOf = cachedDigests((...asked) => {
      made += 1
      return ofValue(...asked)
    })
    const ask = (place: string) => digestOf(place, Buffer.from('scanner'), 0, 7)
    // The hash covers only the tag and the value: these two paths collide.
    const [one, other] = ['00081140[].00081155', '00081199[].00081155']
    const first = ask(one)
    expect(ask(one)).toBe(first)
    expect(made).toBe(1)
    expect(ask(other)).not.toBe(first)
    expect(ask(one)).toBe(first)
    expect(made).toBe(3)
  })
})
