import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'
import type { Ciphers } from './ciphers.js'

const TAG_BYTES = 16
const BLOCK_BYTES = 16
/** Worked on at a time in CFB, so that all of it stays in the cache. */
const PIECE_BYTES = 2 ** 16

/** `Ciphers` on node:crypto. */
export const nodeCiphers: Ciphers = {
  hkdf: (key, salt, info, length) => new Uint8Array(hkdfSync('sha256', key, salt, info, length)),

  openGcm(key) {
    const algorithm = gcm(key)
    return (nonce, associated, sealed) => {
      const end = sealed.length - TAG_BYTES
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(associated).setAuthTag(sealed.subarray(end))
      const content = decipher.update(sealed.subarray(0, end))
      decipher.final()
      return content
    }
  },

  // OpenSSL decrypts CFB one block after the other, though each key stream block is the encryption of the ciphertext
  // block before it. Asking for those blocks at once lets the processor work on several: seven times as fast.
  openCfb(key) {
    const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false)
    const feedback = new Uint8Array(PIECE_BYTES + BLOCK_BYTES)
    return (sealed) => {
      const opened = Buffer.allocUnsafeSlow(sealed.length)
      for (let at = 0; at < sealed.length; at += PIECE_BYTES) {
        const piece = sealed.subarray(at, at + PIECE_BYTES)
        feedback.set(piece, BLOCK_BYTES)
        const blocks = Math.ceil(piece.length / BLOCK_BYTES) * BLOCK_BYTES
        const stream = cipher.update(feedback.subarray(0, blocks))
        combine(opened.subarray(at, at + piece.length), stream, piece)
        freeMemory(stream)
        // Of a last piece that ends within a block this is not the last block, and is not used either.
        feedback.copyWithin(0, blocks, blocks + BLOCK_BYTES)
      }
      return opened
    }
  },

  sha1() {
    const hash = createHash('sha1')
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
  },

  free: freeMemory,
}

function gcm(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.length === 32) return 'aes-256-gcm'
  return key.length === 24 ? 'aes-192-gcm' : 'aes-128-gcm'
}

/** `target` becomes the exclusive or of two others, at least as long; eight octets at a time where the memory allows it. */
function combine(target: Uint8Array, one: Uint8Array, other: Uint8Array): void {
  let at = 0
  if ([target, one, other].every(({ byteOffset }) => byteOffset % 8 === 0)) {
    const words = target.length >> 3
    const into = new BigInt64Array(target.buffer, target.byteOffset, words)
    const a = new BigInt64Array(one.buffer, one.byteOffset, words)
    const b = new BigInt64Array(other.buffer, other.byteOffset, words)
    for (let word = 0; word < words; word++) into[word] = (a[word] ?? 0n) ^ (b[word] ?? 0n)
    at = words * 8
  }
  for (; at < target.length; at++) target[at] = (one[at] ?? 0) ^ (other[at] ?? 0)
}
