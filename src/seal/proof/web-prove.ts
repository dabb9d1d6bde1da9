/** `proveOpening` for browsers: the same derivation by WebCrypto, which has Ed25519 since 2025. */
import type { PrivateKey } from '../keys/keys.js'
import type { DataFormat } from '../stations.js'
import { own } from '../web-ciphers.js'
import { PROOF_INFO, withPacketKey, withSessionKey } from './session-key.js'

/** As `proveKeyPacket` (prove-packet.ts). */
export const proveKeyPacketWeb = (
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
  text: string,
): Promise<string> => withPacketKey(packet, format, key, (sessionKey) => signedBy(sessionKey, text))

/** The octets that precede the 32 octets of an Ed25519 key in PKCS #8 (RFC 8410 section 7). */
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/** Whether this browser can make such a proof. */
export const canProveOpening = (): Promise<boolean> =>
  crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  )

/**
 * Signs `text` with the key that can only be derived by opening `message` (key.ts).
 *
 * @returns the signature in base64
 * @throws NocturneError `not_sealed_to_key`, `cannot_open`
 */
export const proveOpeningWeb = (
  message: Uint8Array,
  key: PrivateKey,
  text: string,
): Promise<string> => withSessionKey(message, key, (sessionKey) => signedBy(sessionKey, text))

async function signedBy(sessionKey: Uint8Array, text: string): Promise<string> {
  const signer = await signerOf(sessionKey)
  const octets = new TextEncoder().encode(text)
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', signer, octets))
  return btoa(String.fromCharCode(...signature))
}

async function signerOf(sessionKey: Uint8Array) {
  const secret = await crypto.subtle.importKey('raw', own(sessionKey), 'HKDF', false, [
    'deriveBits',
  ])
  const how = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(0),
    info: new TextEncoder().encode(PROOF_INFO),
  }
  const seed = new Uint8Array(await crypto.subtle.deriveBits(how, secret, 256))
  const pkcs8 = new Uint8Array([...PKCS8, ...seed])
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  } finally {
    seed.fill(0)
    pkcs8.fill(0)
  }
}
