import { createCipheriv } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'

/**
 * AES-CFB from a zero IV (RFC 9580 section 5.13.1) over modes that OpenSSL has faster code for: its
 * CFB calls for each block by itself. The key stream of a block is the encryption of the ciphertext
 * block before it, so opening asks ECB for many at once; and CBC over the content, from a block of
 * zeros on, makes the same stream one block after the other, since what CBC encrypts, the block
 * with the last result combined, is the block of ciphertext.
 */

const BLOCK_BYTES = 16
/** Worked on at a time, so that all of it stays in the cache. */
const PIECE_BYTES = 2 ** 16

/**
 * The piece that is worked on, and the key stream beside it, with room for what two blocks leave
 * over. One pair for all streams, since no work on a piece is interrupted: V8 combines twice as
 * fast in arrays that never change.
 */
const text = new Uint8Array(PIECE_BYTES)
const stream = new Uint8Array(PIECE_BYTES + 2 * BLOCK_BYTES)
const textWords = new BigUint64Array(text.buffer)
const streamWords = new BigUint64Array(stream.buffer)

/**
 * The first `octets` of `text` become their exclusive or with `stream`; up to seven after them mean
 * nothing.
 */
function combine(octets: number): void {
  const words = Math.ceil(octets / 8)
  for (let word = 0; word < words; word++)
    textWords[word] = (textWords[word] ?? 0n) ^ (streamWords[word] ?? 0n)
}

/** Encrypts pieces of any length, in order. */
export class CfbEncryption {
  readonly #cipher
  /** Key stream that is there already: 1 to 16 octets. */
  #ahead: Uint8Array

  constructor(key: Uint8Array) {
    const zeros = Buffer.alloc(BLOCK_BYTES)
    this.#cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, zeros).setAutoPadding(false)
    this.#ahead = this.#cipher.update(zeros)
  }

  /** Of at most 2^16 octets. What it gives holds until anything else is encrypted or decrypted. */
  update(content: Uint8Array): Uint8Array {
    text.set(content)
    const made = this.#cipher.update(content)
    stream.set(this.#ahead)
    stream.set(made, this.#ahead.length)
    combine(content.length)
    this.#ahead = stream.slice(content.length, this.#ahead.length + made.length)
    freeMemory(made)
    return text.subarray(0, content.length)
  }

  /**
   * Once. Overwrites the key, which OpenSSL does at the end, and the key stream, which shows what
   * it sealed.
   */
  forget(): void {
    this.#cipher.setAutoPadding(true).final()
    this.#ahead.fill(0)
    stream.fill(0)
  }
}

/** Decrypts pieces of any length, in order; every one but the last has whole blocks. */
export function cfbDecryption(key: Uint8Array): (sealed: Uint8Array) => Uint8Array {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false)
  const feedback = new Uint8Array(BLOCK_BYTES + PIECE_BYTES)
  return (sealed) => {
    const opened = Buffer.allocUnsafeSlow(sealed.length)
    for (let at = 0; at < sealed.length; at += PIECE_BYTES) {
      const piece = sealed.subarray(at, at + PIECE_BYTES)
      text.set(piece)
      feedback.set(piece, BLOCK_BYTES)
      const whole = Math.ceil(piece.length / BLOCK_BYTES) * BLOCK_BYTES
      const made = cipher.update(feedback.subarray(0, whole))
      stream.set(made)
      freeMemory(made)
      combine(piece.length)
      opened.set(text.subarray(0, piece.length), at)
      // Of a last piece that ends within a block this is not the last block, and is not used
      // either.
      feedback.copyWithin(0, whole, whole + BLOCK_BYTES)
    }
    text.fill(0)
    return opened
  }
}
