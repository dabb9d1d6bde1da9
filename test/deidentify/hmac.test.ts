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
          expect(mac(one).toString('hex')).toBe(
            createHmac('sha256', bytes).update(one).digest('hex'),
          )
      }),
    )
  })
})
