import { config, createMessage, decryptKey, encryptKey, generateKey } from 'openpgp'
import { readPrivateKeys, sign } from 'openpgp'
import type { PrivateKey as OpenpgpPrivateKey } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { binaryOf, textOf } from '../input.js'
import { forReading } from './policy.js'

const MAX_KEY_CHARACTERS = 1024 * 1024

/**
 * A private key, unlocked, in memory. Its secret part is reachable inside this room alone, and in
 * no text or JSON.
 */
export interface PrivateKey {
  /** Lower-case hexadecimal. */
  readonly fingerprint: string
  /** Armored certificate that belongs to it. */
  readonly certificate: string
}

const secrets = new WeakMap<PrivateKey, OpenpgpPrivateKey>()

/** The secret part, for this room. */
export function secretOf(key: PrivateKey): OpenpgpPrivateKey {
  const secret = secrets.get(key)
  if (!secret) throw new NocturneError('key_unreadable')
  return secret
}

/** RFC 9580 section 9.1: NIST curves and RSA are in every FIPS 140-3 module, Curve25519 in few. */
export const KEY_ALGORITHMS = ['curve25519', 'nistP256', 'nistP384', 'rsa3072', 'rsa4096'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

export interface NewKeyOptions {
  /**
   * A person's or machine's name: up to 200 characters, without control characters and angle
   * brackets.
   */
  readonly name: string
  readonly email?: string
  /** 4 (default) for every program in use; 6 for those that know RFC 9580 alone. */
  readonly version?: 4 | 6
  /** What it is made of; `curve25519` unless the site asks for the FIPS profile. */
  readonly algorithm?: KeyAlgorithm
  /** Without it the key does not expire. */
  readonly expiresInDays?: number
  readonly passphrase?: string
}

/**
 * Makes a key that signs (primary, Ed25519) with a subkey that decrypts (X25519). Version 4 uses
 * the algorithm IDs from before RFC 9580 that GnuPG 2.2 knows, and still announces version 2
 * packets with AES-256-GCM, which programs that do not know them pass over.
 *
 * @throws NocturneError `usage` for a name or address that a user ID cannot hold.
 */
export async function newKey(options: NewKeyOptions): Promise<{
  readonly privateKey: string
  readonly certificate: string
  readonly fingerprint: string
}> {
  const { name, email, version = 4, algorithm = 'curve25519', expiresInDays, passphrase } = options
  const days = expiresInDays ?? 0
  if (!/^[^<>()\p{Cc}]{1,200}$/u.test(name) || !Number.isInteger(days) || days < 0 || days > 36_500)
    throw new NocturneError('usage')
  const made = await generateKey({
    userIDs: [{ name, ...(email !== undefined && { email }) }],
    ...shapeOf(algorithm, version),
    keyExpirationTime: days * 86_400,
    format: 'object',
    // aeadProtect is openpgp's switch for announcing SEIPD version 2.
    config: { ...config, v6Keys: version === 6, aeadProtect: true },
  }).catch((cause: unknown) => {
    throw new NocturneError('usage', { cause })
  })
  // Locked in a second step without aeadProtect: GnuPG does not know secret keys that AEAD locks.
  const locked =
    passphrase === undefined
      ? made.privateKey
      : await encryptKey({
          privateKey: made.privateKey,
          passphrase,
          config: { aeadProtect: false },
        })
  return {
    privateKey: locked.armor(),
    certificate: made.publicKey.armor(),
    fingerprint: made.publicKey.getFingerprint(),
  }
}

function shapeOf(algorithm: KeyAlgorithm, version: 4 | 6) {
  switch (algorithm) {
    case 'curve25519':
      return version === 6
        ? { type: 'curve25519' as const }
        : { type: 'ecc' as const, curve: 'curve25519Legacy' as const }
    case 'nistP256':
    case 'nistP384':
      return { type: 'ecc' as const, curve: algorithm }
    case 'rsa3072':
    case 'rsa4096':
      return { type: 'rsa' as const, rsaBits: Number(algorithm.slice(3)) }
  }
}

/**
 * Reads one private key, armored or binary, and unlocks it.
 *
 * @throws NocturneError `key_unreadable`, or `key_locked` when the passphrase is missing or wrong.
 */
export async function readPrivateKey(
  input: string | Uint8Array,
  passphrase?: string,
): Promise<PrivateKey> {
  const locked = await parsePrivateKey(input)
  const parts = [locked, ...locked.subkeys].map((one) => one.keyPacket)
  // A primary key kept offline (gnu-dummy) has no secret part here; its subkeys are enough to open.
  const isLocked = parts.some((part) => 'isDummy' in part && !part.isDummy() && !part.isDecrypted())
  const secret = isLocked ? await unlock(locked, passphrase) : locked
  const key: PrivateKey = Object.freeze({
    fingerprint: secret.getFingerprint(),
    certificate: secret.toPublic().armor(),
  })
  secrets.set(key, secret)
  return key
}

async function parsePrivateKey(input: string | Uint8Array): Promise<OpenpgpPrivateKey> {
  if (input.length > MAX_KEY_CHARACTERS) throw new NocturneError('key_unreadable')
  try {
    const text = textOf(input)
    const found =
      text === undefined
        ? await readPrivateKeys({ binaryKeys: binaryOf(input), config: forReading })
        : await readPrivateKeys({ armoredKeys: text, config: forReading })
    const [key, ...others] = found
    if (key && others.length === 0) return key
  } catch (cause) {
    throw new NocturneError('key_unreadable', { cause })
  }
  throw new NocturneError('key_unreadable')
}

async function unlock(
  privateKey: OpenpgpPrivateKey,
  passphrase: string | undefined,
): Promise<OpenpgpPrivateKey> {
  if (passphrase === undefined) throw new NocturneError('key_locked')
  try {
    return await decryptKey({ privateKey, passphrase, config: forReading })
  } catch (cause) {
    throw new NocturneError('key_locked', { cause })
  }
}

/**
 * An armored detached signature over the text's UTF-8 octets as they are (type 0x00), so `gpg
 * --verify` takes it.
 */
export async function signDetached(
  text: string | Uint8Array,
  key: PrivateKey,
  date: Date = new Date(),
): Promise<string> {
  const signature: unknown = await sign({
    message: await createMessage({ binary: binaryOf(text) }),
    signingKeys: secretOf(key),
    detached: true,
    date,
    config: forReading,
  })
  if (typeof signature !== 'string') throw new TypeError('openpgp gave no armored signature')
  return signature
}
