import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CfbEncryption, cfbDecryption } from '../../src/seal/cfb.js'

const MOST_AT_ONCE = 2 ** 16

const keys = fc.constantFrom(16, 24, 32).chain((size) => bytes(size, size))
const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength })
const lengths = fc.oneof(
  fc.nat(70),
  fc.constantFrom(65_519, 65_520, 65_521, 65_535, 65_536),
  fc.nat(MOST_AT_ONCE),
)

/** Encrypts with OpenSSL's own CFB. */
function byOpenssl(key: Uint8Array, content: Uint8Array): Buffer {
  return createCipheriv(`aes-${key.length * 8}-cfb`, key, Buffer.alloc(16)).update(content)
}

/** Octets that vary by position, without generating each one separately. */
function contentOf(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 167 + (at >> 8) * 13 + seed) & 0xff)
}

/** Splits the content into pieces of these lengths; the last piece is whatever remains. */
function* piecesOf(content: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0
  for (const size of sizes) yield content.subarray(at, (at += size))
}

describe('AES-CFB built on CBC and ECB', () => {
  test('encrypts content split in any way as OpenSSL’s CFB does', () => {
    fc.assert(
      fc.property(keys, fc.array(lengths, { maxLength: 12 }), fc.nat(255), (key, sizes, seed) => {
        const content = contentOf(
          sizes.reduce((sum, size) => sum + size, 0),
          seed,
        )
        const cipher = new CfbEncryption(key)
        const sealed = [...piecesOf(content, sizes)].map((piece) =>
          Buffer.from(cipher.update(piece)),
        )
        expect(Buffer.concat(sealed).equals(byOpenssl(key, content))).toBe(true)
      }),
    )
  })

  test('decrypts what OpenSSL’s CFB encrypted, in whole blocks and a last piece of any length', () => {
    fc.assert(
      fc.property(
        keys,
        fc.array(fc.integer({ min: 1, max: 9_000 }), { maxLength: 6 }),
        fc.nat(200_000),
        fc.nat(255),
        (key, blocks, last, seed) => {
          const sizes = [...blocks.map((count) => count * 16), last]
          const content = contentOf(
            sizes.reduce((sum, size) => sum + size, 0),
            seed,
          )
          const decrypt = cfbDecryption(key)
          const opened = [...piecesOf(byOpenssl(key, content), sizes)].map((piece) =>
            decrypt(piece),
          )
          expect(Buffer.concat(opened).equals(content)).toBe(true)
        },
      ),
    )
  })

  test('refuses to encrypt more at once than fits its buffer', () => {
    const cipher = new CfbEncryption(new Uint8Array(32))
    expect(() => cipher.update(new Uint8Array(MOST_AT_ONCE + 1))).toThrow('offset is out of bounds')
  })

  test('overwrites key and key stream in forget', () => {
    const cipher = new CfbEncryption(new Uint8Array(32))
    cipher.update(new Uint8Array(100))
    cipher.forget()
    expect(() => cipher.update(new Uint8Array(16))).toThrow()
  })
})
