/**
 * A key pair that whoever has the session key can derive, and nobody else: Ed25519 (RFC 8032) from
 * HKDF-SHA-256 (RFC 5869) of the session key, without salt. The gateway keeps the public half
 * before it forgets the session key; the private half is the proof that somebody can open the
 * envelope, and says nothing about the session key.
 */
import { createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

const INFO = 'nocturne/proof/v1'
/** PKCS #8 (RFC 8410 section 7) and SubjectPublicKeyInfo up to the 32 octets of an Ed25519 key. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function privateKey(sessionKey: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', sessionKey, new Uint8Array(0), INFO, 32))
  const key = Buffer.concat([PKCS8, seed])
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  } finally {
    seed.fill(0)
    key.fill(0)
  }
}

/** 32 octets, hexadecimal. */
export const proofKeyOf = (sessionKey: Uint8Array): string =>
  createPublicKey(privateKey(sessionKey))
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI.length)
    .toString('hex')

/** Signature over the text's UTF-8 octets, in base64. */
export const signProof = (sessionKey: Uint8Array, text: string): string =>
  sign(null, Buffer.from(text), privateKey(sessionKey)).toString('base64')

/** False for anything that is not a signature by that key. */
export function isProof(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = Buffer.concat([SPKI, Buffer.from(publicKey, 'hex')])
    const at = createPublicKey({ key, format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), at, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}
