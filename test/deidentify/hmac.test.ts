/** Our HMAC is everybody's. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hmacUnder } from '../../src/deidentify/hmac.js'

describe('the MAC of a text', () => {
  it('is the one that node:crypto makes, whatever the text and however long', () => {
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

  it('is the same for a value at a place, whose bytes are read as Latin-1', () => {
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

  it('takes a value of several pieces', () => {
    const value = Buffer.alloc(200_000, 'é and e', 'latin1')
    const made = createHmac('sha256', Buffer.alloc(32)).update(
      `00420011\0${value.toString('latin1')}`,
    )
    expect(hmacUnder(Buffer.alloc(32)).ofValue('00420011', value, 0, value.length)).toBe(
      made.digest().toString('base64url', 0, 6),
    )
  })
})
