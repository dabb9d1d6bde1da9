import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { freeMemory } from '../lib/free-memory.js'
import { cfbDecryption } from './cfb.js'
import type { Ciphers } from './ciphers.js'

const TAG_BYTES = 16

/** `Ciphers` implemented with node:crypto. */
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

  openCfb: cfbDecryption,

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
