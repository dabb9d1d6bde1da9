import { createCipheriv } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'

/**
 * AES-CFB from a zero IV (RFC 9580 section 5.13.1) over modes that OpenSSL has faster code for: its CFB calls for each
 * block by itself. The key stream of a block is the encryption of the ciphertext block before it, so opening asks ECB
 * for many at once; and CBC over the content, from a block of zeros on, makes the same stream one block after the other,
 * since what CBC encrypts, the block with the last result combined, is the block of ciphertext.
 */

const BLOCK_BYTES = 16
/** Worked on at a time, so that all of it stays in the cache. */
const PIECE_BYTES = 2 ** 16

/** Encrypts pieces of any length, in order. What `update` gives holds until the next call. */
export class CfbEncryption {
  readonly #cipher
  readonly #work = new Combination()
  /** Key stream that is there already, from the start of `#work.stream`: 1 to 16 octets. */
  #ahead = BLOCK_BYTES

  constructor(key: Uint8Array) {
    const zeros = Buffer.alloc(BLOCK_BYTES)
    this.#cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, zeros).setAutoPadding(false)
    this.#work.stream.set(this.#cipher.update(zeros))
  }

  /** At most 2^16 octets. */
  update(content: Uint8Array): Uint8Array {
    const { text, stream } = this.#work
    const made = this.#cipher.update(content)
    const there = this.#ahead + made.length
    stream.set(made, this.#ahead)
    freeMemory(made)
    text.set(content)
    this.#work.combine(content.length)
    stream.copyWithin(0, content.length, there)
    this.#ahead = there - content.length
    return text.subarray(0, content.length)
  }

  /** Once. Overwrites the key, which OpenSSL does at the end, and the key stream, which shows what it sealed. */
  forget(): void {
    this.#cipher.setAutoPadding(true).final()
    this.#work.stream.fill(0)
  }
}

/** Decrypts pieces of any length, in order; every one but the last has whole blocks. */
export function cfbDecryption(key: Uint8Array): (sealed: Uint8Array) => Uint8Array {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false)
  const feedback = new Uint8Array(BLOCK_BYTES + PIECE_BYTES)
  const work = new Combination()
  return (sealed) => {
    const opened = Buffer.allocUnsafeSlow(sealed.length)
    for (let at = 0; at < sealed.length; at += PIECE_BYTES) {
      const piece = sealed.subarray(at, at + PIECE_BYTES)
      feedback.set(piece, BLOCK_BYTES)
      const whole = Math.ceil(piece.length / BLOCK_BYTES) * BLOCK_BYTES
      const made = cipher.update(feedback.subarray(0, whole))
      work.stream.set(made)
      freeMemory(made)
      work.text.set(piece)
      work.combine(piece.length)
      opened.set(work.text.subarray(0, piece.length), at)
      // Of a last piece that ends within a block this is not the last block, and is not used either.
      feedback.copyWithin(0, whole, whole + BLOCK_BYTES)
    }
    return opened
  }
}

/** Text and key stream side by side, in the same aligned memory each time: eight octets are combined at once. */
class Combination {
  readonly text = new Uint8Array(PIECE_BYTES)
  /** Has room for a piece and what two blocks leave over. */
  readonly stream = new Uint8Array(PIECE_BYTES + 2 * BLOCK_BYTES)
  readonly #text = new BigUint64Array(this.text.buffer)
  readonly #stream = new BigUint64Array(this.stream.buffer)

  /** The first `octets` of `text` become their exclusive or with `stream`; up to seven after them mean nothing. */
  combine(octets: number): void {
    const text = this.#text
    const stream = this.#stream
    const words = Math.ceil(octets / 8)
    for (let word = 0; word < words; word++) text[word] = (text[word] ?? 0n) ^ (stream[word] ?? 0n)
  }
}
