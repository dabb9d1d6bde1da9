import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { CipherGCM } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'
import { NEW_FORMAT, TAG } from './packets.js'

const AES256 = 9
const GCM = 3
/** Chunks of 2^(14+6) = 1 MiB: with less, starting each costs whoever opens it more; with more, it no longer fits the cache. */
const CHUNK_OCTET = 14
const CHUNK_BYTES = 2 ** (CHUNK_OCTET + 6)
const IV_BYTES = 12

/**
 * The body of a Symmetrically Encrypted and Integrity Protected Data packet, version 2, with AES-256 in GCM
 * (RFC 9580 section 5.13.2). The message key and the first half of the nonce come out of HKDF over the session key and a
 * salt of this packet's own, so one session key may seal many packets.
 */
export class Seipd2 {
  readonly #emit: (bytes: Uint8Array) => void
  readonly #header: Buffer
  readonly #key: Buffer
  readonly #nonce: Buffer
  #cipher: CipherGCM | undefined
  #room = CHUNK_BYTES
  #chunks = 0
  #total = 0

  /** `emit` keeps nothing of what it gets: its memory is used again. */
  constructor(sessionKey: Uint8Array, emit: (bytes: Uint8Array) => void) {
    this.#emit = emit
    const salt = randomBytes(32)
    this.#header = Buffer.of(NEW_FORMAT | TAG.protected, 2, AES256, GCM, CHUNK_OCTET)
    const derived = Buffer.from(
      hkdfSync('sha256', sessionKey, salt, this.#header, 32 + IV_BYTES - 8),
    )
    this.#key = derived.subarray(0, 32)
    this.#nonce = Buffer.concat([derived.subarray(32), Buffer.alloc(8)])
    emit(Buffer.concat([this.#header.subarray(1), salt]))
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      this.#cipher ??= this.#next(this.#header)
      const piece = bytes.subarray(at, at + this.#room)
      const sealed = this.#cipher.update(piece)
      this.#emit(sealed)
      freeMemory(sealed)
      this.#room -= piece.length
      at += piece.length
      if (this.#room === 0) this.#close(this.#cipher)
    }
    this.#total += bytes.length
  }

  /** Closes the last chunk, then adds the tag over the total length that makes truncation show. */
  end(): void {
    if (this.#cipher) this.#close(this.#cipher)
    const total = Buffer.alloc(8)
    total.writeBigUInt64BE(BigInt(this.#total))
    this.#close(this.#next(Buffer.concat([this.#header, total])))
  }

  forget(): void {
    this.#key.fill(0)
  }

  /** The nonce ends in the chunk's index, so no nonce repeats under this message key. */
  #next(associated: Buffer): CipherGCM {
    this.#nonce.writeBigUInt64BE(BigInt(this.#chunks++), IV_BYTES - 8)
    return createCipheriv('aes-256-gcm', this.#key, this.#nonce).setAAD(associated)
  }

  #close(cipher: CipherGCM): void {
    cipher.final()
    this.#emit(cipher.getAuthTag())
    this.#cipher = undefined
    this.#room = CHUNK_BYTES
  }
}
