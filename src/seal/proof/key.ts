/**
 * A key pair that only a holder of the session key can derive: Ed25519 (RFC 8032) from HKDF-SHA-256
 * (RFC 5869) of the session key, without salt. The gateway stores the public half before it
 * discards the session key. A signature by the private half proves that its maker can open the
 * envelope, and reveals nothing about the session key.
 */
import { createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { PROOF_INFO } from './session-key.js'

/**
 * The octets that precede the 32 octets of an Ed25519 key in PKCS #8 (RFC 8410 section 7) and in
 * SubjectPublicKeyInfo.
 */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function privateKey(sessionKey: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', sessionKey, new Uint8Array(0), PROOF_INFO, 32))
  const key = Buffer.concat([PKCS8, seed])
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  } finally {
    seed.fill(0)
    key.fill(0)
  }
}

/** Returns 32 octets, in hexadecimal. */
export const proofKeyOf = (sessionKey: Uint8Array): string =>
  createPublicKey(privateKey(sessionKey))
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI.length)
    .toString('hex')

/** Signs the UTF-8 octets of the text; returns base64. */
export const signProof = (sessionKey: Uint8Array, text: string): string =>
  sign(null, Buffer.from(text), privateKey(sessionKey)).toString('base64')

/** Returns false for anything that is not a signature by that key. */
export function isProof(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = Buffer.concat([SPKI, Buffer.from(publicKey, 'hex')])
    const at = createPublicKey({ key, format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), at, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}
