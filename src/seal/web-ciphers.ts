import { cfb } from '@noble/ciphers/aes.js'
import { sha1 } from '@noble/hashes/legacy.js'
import type { Ciphers } from './ciphers.js'

const BLOCK_BYTES = 16
const GCM_TAG_BITS = 128

/**
 * The same octets for the platform's functions, which take no memory that is shared with another
 * thread.
 */
export const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : Uint8Array.from(bytes)

/**
 * `Ciphers` for browsers: WebCrypto where it can work on a stream, that is for version 2. It knows
 * no CFB, and digests only what is in memory as a whole: version 1 needs code of its own for both,
 * some 40 MB/s in all. AES-192 is not in every browser; a message under it is refused there like
 * one that was changed.
 */
export const webCiphers: Ciphers = {
  async hkdf(key, salt, info, length) {
    const secret = await crypto.subtle.importKey('raw', own(key), 'HKDF', false, ['deriveBits'])
    const how = { name: 'HKDF', hash: 'SHA-256', salt: own(salt), info: own(info) }
    return new Uint8Array(await crypto.subtle.deriveBits(how, secret, length * 8))
  },

  async openGcm(key) {
    const imported = await crypto.subtle.importKey('raw', own(key), 'AES-GCM', false, ['decrypt'])
    return async (nonce, associated, sealed) => {
      const how = {
        name: 'AES-GCM',
        iv: own(nonce),
        additionalData: own(associated),
        tagLength: GCM_TAG_BITS,
      }
      // WebCrypto copies what it is given before it returns.
      return new Uint8Array(await crypto.subtle.decrypt(how, imported, own(sealed)))
    }
  },

  // One chunk a core, on most machines.
  ahead: 3,

  // Each block's key stream is the encryption of the ciphertext block before it: a piece needs no
  // more of the last one.
  openCfb(key) {
    let previous: Uint8Array = new Uint8Array(BLOCK_BYTES)
    return (sealed) => {
      const plain = cfb(key, previous).decrypt(sealed)
      previous = sealed.slice(-BLOCK_BYTES)
      return plain
    }
  },

  sha1() {
    const hash = sha1.create()
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
  },
}
