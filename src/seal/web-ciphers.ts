import { cfb } from '@noble/ciphers/aes.js'
import { sha1 } from '@noble/hashes/legacy.js'
import type { Ciphers } from './ciphers.js'

const BLOCK_BYTES = 16
const GCM_TAG_BITS = 128

/** Copies the octets for WebCrypto, which accepts no shared memory. */
export const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : Uint8Array.from(bytes)

/**
 * `Ciphers` for browsers. WebCrypto is used where it can work on a stream, which is version 2 only:
 * it has no CFB, and computes digests only over data that is entirely in memory. Version 1
 * therefore uses our own code for both, at about 40 MB/s. Not every browser supports AES-192; where
 * it is missing, such a message is refused in the same way as a changed one.
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
      // WebCrypto copies its input before it returns.
      return new Uint8Array(await crypto.subtle.decrypt(how, imported, own(sealed)))
    }
  },

  // One chunk per core on most machines.
  ahead: 3,

  // The key stream of each block is the encryption of the preceding ciphertext block, so only the
  // last block of a piece needs to be kept.
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
