import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'

const BLOCK = 16

/**
 * The body of a Symmetrically Encrypted and Integrity Protected Data packet, version 1, with AES-256 (RFC 9580
 * section 5.13.1): CFB from a zero IV over a random block whose last two octets are repeated, the content, and a
 * SHA-1 of both at the end. SHA-1 serves here as the standard has it, over data that nobody outside chose a prefix of.
 */
export class Seipd1 {
  readonly #emit: (bytes: Uint8Array) => void
  readonly #cipher
  readonly #mdc = createHash('sha1')

  /** `emit` keeps nothing of what it gets: its memory is used again. */
  constructor(sessionKey: Uint8Array, emit: (bytes: Uint8Array) => void) {
    this.#emit = emit
    this.#cipher = createCipheriv('aes-256-cfb', sessionKey, Buffer.alloc(BLOCK))
    emit(Buffer.of(1))
    const random = randomBytes(BLOCK)
    this.update(Buffer.concat([random, random.subarray(BLOCK - 2)]))
  }

  update(bytes: Uint8Array): void {
    this.#mdc.update(bytes)
    const sealed = this.#cipher.update(bytes)
    this.#emit(sealed)
    freeMemory(sealed)
  }

  /** The modification detection code: a packet of tag 19 and 20 octets, whose header the hash covers. */
  end(): void {
    const header = Buffer.of(0xd3, 20)
    const mdc = this.#mdc.update(header).digest()
    this.#emit(this.#cipher.update(Buffer.concat([header, mdc])))
    this.#emit(this.#cipher.final())
  }

  /** The key lies in the cipher alone, which frees it. */
  forget(): void {
    this.#cipher.destroy()
  }
}
