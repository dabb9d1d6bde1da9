import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { CipherGCM } from 'node:crypto'
import { NEW_FORMAT, TAG } from './packets.js'
import { PartWriter } from './part-writer.js'

const AES256 = 9
const GCM = 3
/**
 * Chunks of 2^(14+6) = 1 MiB. Smaller chunks cost the reader more per-chunk overhead; larger ones
 * no longer fit the CPU cache.
 */
const CHUNK_OCTET = 14
const CHUNK_BYTES = 2 ** (CHUNK_OCTET + 6)
const IV_BYTES = 12

/**
 * A Symmetrically Encrypted and Integrity Protected Data packet, version 2, with AES-256 in GCM
 * (RFC 9580 section 5.13.2). The message key and the first part of the nonce are derived with HKDF
 * from the session key and a salt unique to this packet, so one session key may seal many packets.
 */
export class Seipd2 {
  /**
   * Unlimited: each call to the cipher produces one stored piece, so as few calls as possible are
   * best.
   */
  readonly pieceBytes = Infinity
  readonly #packet: PartWriter
  readonly #header: Buffer
  readonly #key: Buffer
  readonly #nonce: Buffer
  /** The current chunk, with anything that belongs in front of it. */
  #sealed: Buffer[]
  #cipher: CipherGCM | undefined
  #room = CHUNK_BYTES
  #chunks = 0
  #total = 0

  /** The receiver of the emitted bytes owns their memory. */
  constructor(sessionKey: Uint8Array, emit: (bytes: Buffer) => void) {
    this.#packet = new PartWriter(TAG.protected, emit)
    const salt = randomBytes(32)
    this.#header = Buffer.of(NEW_FORMAT | TAG.protected, 2, AES256, GCM, CHUNK_OCTET)
    const derived = Buffer.from(
      hkdfSync('sha256', sessionKey, salt, this.#header, 32 + IV_BYTES - 8),
    )
    this.#key = derived.subarray(0, 32)
    this.#nonce = Buffer.concat([derived.subarray(32), Buffer.alloc(8)])
    this.#sealed = [this.#header.subarray(1), salt]
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      this.#cipher ??= this.#next(this.#header)
      const piece = bytes.subarray(at, at + this.#room)
      this.#sealed.push(this.#cipher.update(piece))
      this.#room -= piece.length
      at += piece.length
      if (this.#room === 0) this.#close(this.#cipher)
    }
    this.#total += bytes.length
  }

  /**
   * Closes the last chunk, then adds the tag over the total length, which makes truncation
   * detectable.
   */
  end(): void {
    if (this.#cipher) this.#close(this.#cipher)
    const total = Buffer.alloc(8)
    total.writeBigUInt64BE(BigInt(this.#total))
    this.#packet.end([tagOf(this.#next(Buffer.concat([this.#header, total])))])
  }

  forget(): void {
    this.#key.fill(0)
  }

  /** The nonce ends with the chunk's index, so no nonce repeats under this message key. */
  #next(associated: Buffer): CipherGCM {
    this.#nonce.writeBigUInt64BE(BigInt(this.#chunks++), IV_BYTES - 8)
    return createCipheriv('aes-256-gcm', this.#key, this.#nonce).setAAD(associated)
  }

  #close(cipher: CipherGCM): void {
    this.#packet.write([...this.#sealed, tagOf(cipher)])
    this.#sealed = []
    this.#cipher = undefined
    this.#room = CHUNK_BYTES
  }
}

function tagOf(cipher: CipherGCM): Buffer {
  cipher.final()
  return cipher.getAuthTag()
}
