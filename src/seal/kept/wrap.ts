import { NocturneError } from '../../lib/errors.js'
import { readPrivateKey, secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { own } from '../web-ciphers.js'

/** AES-256-GCM under a key of HKDF-SHA-256 (RFC 5869). */
export interface WrappedKey {
  /** For HKDF: 32 random bytes. */
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

const INFO = new TextEncoder().encode('nocturne kept key v1')

/**
 * @param secret 32 bytes that nobody can guess
 * @param about to whom the copy belongs: it opens only with the same text
 */
export async function wrapKey(
  key: PrivateKey,
  secret: Uint8Array,
  about: string,
): Promise<WrappedKey> {
  const salt = crypto.getRandomValues(new Uint8Array(32))
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const bare = own(secretOf(key).write())
  try {
    const how = { name: 'AES-GCM', iv: nonce, additionalData: new TextEncoder().encode(about) }
    const sealed = await crypto.subtle.encrypt(how, await keyFrom(secret, salt), bare)
    return { salt, nonce, sealed: new Uint8Array(sealed) }
  } finally {
    bare.fill(0)
  }
}

/**
 * @throws NocturneError `kept_key_unreadable` for another secret, another text or changed octets
 */
export async function unwrapKey(
  { salt, nonce, sealed }: WrappedKey,
  secret: Uint8Array,
  about: string,
): Promise<PrivateKey> {
  const how = { name: 'AES-GCM', iv: own(nonce), additionalData: new TextEncoder().encode(about) }
  const bare = await crypto.subtle
    .decrypt(how, await keyFrom(secret, salt), own(sealed))
    .catch((cause: unknown) => {
      throw new NocturneError('kept_key_unreadable', { cause })
    })
  const octets = new Uint8Array(bare)
  try {
    return await readPrivateKey(octets)
  } finally {
    octets.fill(0)
  }
}

async function keyFrom(secret: Uint8Array, salt: Uint8Array) {
  const given = await crypto.subtle.importKey('raw', own(secret), 'HKDF', false, ['deriveKey'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: own(salt), info: INFO }
  return crypto.subtle.deriveKey(how, given, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
}
