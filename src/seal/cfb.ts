import { createCipheriv } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'

/**
 * AES-CFB from a zero IV (RFC 9580 section 5.13.1), built on ECB and CBC because OpenSSL processes
 * CFB one block per call and is much slower. The key stream for a block is the encryption of the
 * preceding ciphertext block. Decryption knows all ciphertext blocks, so it encrypts many of them
 * at once with ECB. Encryption uses CBC over the content, starting with a block of zeros: CBC
 * encrypts each content block XORed with the previous result, and that XOR is exactly the
 * ciphertext block, so CBC's output is the same key stream.
 */

const BLOCK_BYTES = 16
/** The unit of work, small enough to stay in the CPU cache. */
const PIECE_BYTES = 2 ** 16

/**
 * The piece being processed and its key stream, with room for what is left over from two blocks.
 * All streams share this one pair, because processing a piece is never interrupted; V8 runs the XOR
 * twice as fast on arrays that are never replaced.
 */
const text = new Uint8Array(PIECE_BYTES)
const stream = new Uint8Array(PIECE_BYTES + 2 * BLOCK_BYTES)
const textWords = new BigUint64Array(text.buffer)
const streamWords = new BigUint64Array(stream.buffer)

/**
 * XORs the first `octets` of `text` with `stream`, in place. Up to seven octets after them end up
 * undefined.
 */
function combine(octets: number): void {
  const words = Math.ceil(octets / 8)
  for (let word = 0; word < words; word++)
    textWords[word] = (textWords[word] ?? 0n) ^ (streamWords[word] ?? 0n)
}

/** Encrypts pieces of any length, in order. */
export class CfbEncryption {
  readonly #cipher
  /** Key stream already computed but not yet used: 1 to 16 octets. */
  #ahead: Uint8Array

  constructor(key: Uint8Array) {
    const zeros = Buffer.alloc(BLOCK_BYTES)
    this.#cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, zeros).setAutoPadding(false)
    this.#ahead = this.#cipher.update(zeros)
  }

  /**
   * Takes at most 2^16 octets. The result is valid only until the next encryption or decryption.
   */
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
   * Call once. Overwrites the key, which OpenSSL does on `final`, and the key stream, which would
   * reveal the content.
   */
  forget(): void {
    this.#cipher.setAutoPadding(true).final()
    this.#ahead.fill(0)
    stream.fill(0)
  }
}

/**
 * Decrypts pieces of any length, in order; every piece but the last must consist of whole blocks.
 */
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
      // After a last piece that ends within a block this copies the wrong block, but then the
      // feedback is not used again.
      feedback.copyWithin(0, whole, whole + BLOCK_BYTES)
    }
    text.fill(0)
    return opened
  }
}
