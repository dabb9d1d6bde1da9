/** The log's own signing key. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import type { Checkpoint } from '../verify/checkpoint.js'
import { formatCheckpoint, originOf } from '../verify/checkpoint.js'
import { toUtf8 } from '../verify/encoding.js'
import { sha256 } from '../verify/node-crypto.js'
import { formatNote, formatVerifierKey, isKeyName, keyIdInput } from '../verify/note.js'
import type { VerifierKey } from '../verify/note.js'

export interface Signer {
  readonly origin: string
  readonly verifierKey: string
  /**
   * Signs a checkpoint of this log as a note. Ed25519 is deterministic, so the same head always
   * yields the same note.
   */
  sign(head: Omit<Checkpoint, 'origin'>): string
}

/**
 * @param gateway name of the gateway: not empty, without spaces and plus signs
 * @param pem Ed25519 private key as PKCS #8
 * @throws NocturneError `site_invalid`
 */
export function createSigner(gateway: string, pem: string): Signer {
  const origin = originOf(gateway)
  if (!isKeyName(gateway)) throw new NocturneError('site_invalid', { subject: 'gateway.name' })
  const privateKey = readKey(pem)
  const key = ownKey(origin, privateKey)
  return {
    origin,
    verifierKey: formatVerifierKey(key),
    sign: (head) => {
      const text = formatCheckpoint({ origin, ...head })
      const signature = sign(null, toUtf8(text), privateKey)
      return formatNote({ text, signatures: [{ name: key.name, id: key.id, signature }] })
    },
  }
}

export interface LedgerKey {
  /** Ed25519 private key as PKCS #8 in PEM: the secret that `createLedger` takes. */
  readonly privateKey: string
  /** The public key for verifiers to trust, as a signed-note verifier key. */
  readonly verifierKey: string
}

/**
 * Makes a new key for the log of the gateway with that name.
 * @throws NocturneError `site_invalid` for a name that a log cannot have
 */
export function newLedgerKey(gateway: string): LedgerKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { privateKey: pem, verifierKey: createSigner(gateway, pem).verifierKey }
}

/**
 * The log's public key as a verifier key.
 * @throws NocturneError `site_invalid`
 */
export const verifierKeyOf = (gateway: string, pem: string): string =>
  createSigner(gateway, pem).verifierKey

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (cause) {
    throw new NocturneError('site_invalid', { subject: 'ledger key', cause })
  }
  throw new NocturneError('site_invalid', { subject: 'ledger key' })
}

function ownKey(name: string, privateKey: KeyObject): VerifierKey {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  const publicKey = Buffer.from(x ?? '', 'base64url')
  return { name, publicKey, id: sha256(keyIdInput(name, publicKey)).subarray(0, 4) }
}
