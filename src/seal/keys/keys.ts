import { config, createMessage, decryptKey, encryptKey, generateKey } from 'openpgp'
import { readPrivateKeys, sign } from 'openpgp'
import type { PrivateKey as OpenpgpPrivateKey } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { CLOCK_ALLOWANCE_MS } from '../../protocol/clock.js'
import { binaryOf, textOf } from '../input.js'
import { forReading } from './policy.js'

const MAX_KEY_CHARACTERS = 1024 * 1024

/**
 * An unlocked private key in memory. Its secret part is accessible only inside this room and never
 * appears in text or JSON.
 */
export interface PrivateKey {
  /** Lower-case hexadecimal. */
  readonly fingerprint: string
  /** The armored certificate that belongs to the key. */
  readonly certificate: string
}

const secrets = new WeakMap<PrivateKey, OpenpgpPrivateKey>()

/** The secret part, for use inside this room only. */
export function secretOf(key: PrivateKey): OpenpgpPrivateKey {
  const secret = secrets.get(key)
  if (!secret) throw new NocturneError('key_unreadable')
  return secret
}

/**
 * RFC 9580 section 9.1. Every FIPS 140-3 module supports the NIST curves and RSA; few support
 * Curve25519.
 */
export const KEY_ALGORITHMS = ['curve25519', 'nistP256', 'nistP384', 'rsa3072', 'rsa4096'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

export interface NewKeyOptions {
  /**
   * Name of a person or machine: up to 200 characters, without control characters or angle
   * brackets.
   */
  readonly name: string
  readonly email?: string
  /** 4 (default) works with every program in use; 6 only with those that implement RFC 9580. */
  readonly version?: 4 | 6
  /** `curve25519` by default, unless the site requires the FIPS profile. */
  readonly algorithm?: KeyAlgorithm
  /** Without it, the key does not expire. */
  readonly expiresInDays?: number
  readonly passphrase?: string
  /** For an owner who opens with GnuPG, which reads only data packets of version 1. */
  readonly forGnupg?: boolean
}

/**
 * Makes a key with a signing primary key (Ed25519) and a decrypting subkey (X25519). Version 4 keys
 * use the pre-RFC 9580 algorithm IDs that GnuPG 2.2 supports. Unless `forGnupg`, they announce
 * version 2 packets with AES-256-GCM, which GnuPG cannot open.
 *
 * @throws NocturneError `usage` for a name or address that a user ID cannot hold
 */
export async function newKey(options: NewKeyOptions): Promise<{
  readonly privateKey: string
  readonly certificate: string
  readonly fingerprint: string
}> {
  const { name, email, version = 4, algorithm = 'curve25519', expiresInDays, passphrase } = options
  const { forGnupg = false } = options
  const days = expiresInDays ?? 0
  if (!/^[^<>()\p{Cc}]{1,200}$/u.test(name) || !Number.isInteger(days) || days < 0 || days > 36_500)
    throw new NocturneError('usage')
  const made = await generateKey({
    userIDs: [{ name, ...(email !== undefined && { email }) }],
    ...shapeOf(algorithm, version),
    keyExpirationTime: days * 86_400,
    format: 'object',
    // `aeadProtect` is openpgp's switch for announcing version 2 packets (SEIPD).
    config: { ...config, v6Keys: version === 6, aeadProtect: !forGnupg },
  }).catch((cause: unknown) => {
    throw new NocturneError('usage', { cause })
  })
  // Locked in a second step without `aeadProtect`: GnuPG does not support AEAD-encrypted secret
  // keys.
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
 * Reads a single private key, armored or binary, and unlocks it.
 *
 * @throws NocturneError `key_unreadable`, `key_is_public`, `key_several`, `key_unsupported`;
 *   `key_locked` when the passphrase is missing, `key_passphrase_wrong`
 */
export async function readPrivateKey(
  input: string | Uint8Array,
  passphrase?: string,
): Promise<PrivateKey> {
  const locked = await parsePrivateKey(input)
  const parts = [locked, ...locked.subkeys].map((one) => one.keyPacket)
  // A primary key kept offline (gnu-dummy) has no secret part here; its subkeys are enough to open
  // messages.
  const isLocked = parts.some((part) => 'isDummy' in part && !part.isDummy() && !part.isDecrypted())
  const secret = isLocked ? await unlock(locked, passphrase) : locked
  const key: PrivateKey = Object.freeze({
    fingerprint: secret.getFingerprint(),
    certificate: secret.toPublic().armor(),
  })
  secrets.set(key, secret)
  return key
}

/**
 * The armored certificate of a private key, which may stay locked.
 *
 * @throws NocturneError as `readPrivateKey`, except `key_locked` and `key_passphrase_wrong`
 */
export const certificateOf = async (input: string | Uint8Array): Promise<string> =>
  (await parsePrivateKey(input)).toPublic().armor()

async function parsePrivateKey(input: string | Uint8Array): Promise<OpenpgpPrivateKey> {
  if (input.length > MAX_KEY_CHARACTERS) throw new NocturneError('key_unreadable')
  const text = textOf(input)
  if (text?.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----') === true)
    throw new NocturneError('key_is_public')
  // openpgp reads the first armored block only.
  if ((text?.match(/^-----BEGIN /gm)?.length ?? 1) > 1) throw new NocturneError('key_several')
  const found = await readAll(text, input).catch((cause: unknown) => {
    throw new NocturneError(isUnsupported(cause) ? 'key_unsupported' : 'key_unreadable', { cause })
  })
  const [key, ...others] = found
  if (others.length > 0) throw new NocturneError('key_several')
  if (!key) throw new NocturneError('key_unreadable')
  return key
}

const readAll = (
  text: string | undefined,
  input: string | Uint8Array,
): Promise<OpenpgpPrivateKey[]> =>
  text === undefined
    ? readPrivateKeys({ binaryKeys: binaryOf(input), config: forReading })
    : readPrivateKeys({ armoredKeys: text, config: forReading })

/** openpgp has no class for it that it exports. */
const isUnsupported = (error: unknown): boolean =>
  error instanceof Error &&
  /unsupported|unknown (public key )?(algorithm|curve)/i.test(error.message)

async function unlock(
  privateKey: OpenpgpPrivateKey,
  passphrase: string | undefined,
): Promise<OpenpgpPrivateKey> {
  if (passphrase === undefined) throw new NocturneError('key_locked')
  try {
    return await decryptKey({ privateKey, passphrase, config: forReading })
  } catch (cause) {
    throw new NocturneError('key_passphrase_wrong', { cause })
  }
}

type Signer = Awaited<ReturnType<OpenpgpPrivateKey['getSigningKey']>>['keyPacket']

/**
 * When a key was last found able to sign, and by which of its parts. A signature made within the
 * same second is not preceded by the same check; openpgp, which makes its own, still refuses what
 * has just expired.
 */
const foundSigner = new WeakMap<
  OpenpgpPrivateKey,
  { readonly second: number; readonly signer: Signer }
>()

/**
 * The part of the key that signs, and the time to put into a signature of that date. For use inside
 * this room only.
 *
 * @throws NocturneError `key_expired`, `key_not_yet_valid`, `key_cannot_sign`
 */
export async function signerOf(
  key: PrivateKey,
  date: Date,
): Promise<{ readonly signer: Signer; readonly at: Date }> {
  const secret = secretOf(key)
  const at = notBefore(secret, date)
  const second = Math.floor(at.getTime() / 1_000)
  const found = foundSigner.get(secret)
  if (found?.second === second) return { signer: found.signer, at }
  const expires = await secret.getExpirationTime(undefined, forReading).catch(() => null)
  if (expires instanceof Date && expires <= at) throw new NocturneError('key_expired')
  if (secret.getCreationTime() > at) throw new NocturneError('key_not_yet_valid')
  const { keyPacket: signer } = await secret
    .getSigningKey(undefined, at, undefined, forReading)
    .catch((cause: unknown) => {
      throw new NocturneError('key_cannot_sign', { cause })
    })
  if ('isDummy' in signer && signer.isDummy()) throw new NocturneError('key_cannot_sign')
  foundSigner.set(secret, { second, signer })
  return { signer, at }
}

/** A new key may come from a machine whose clock is a little ahead of ours. */
function notBefore(secret: OpenpgpPrivateKey, date: Date): Date {
  const made = Math.max(
    ...[secret, ...secret.subkeys].map((one) => one.getCreationTime().getTime()),
  )
  const ahead = made - date.getTime()
  return ahead > 0 && ahead <= CLOCK_ALLOWANCE_MS ? new Date(made) : date
}

/**
 * Makes an armored detached signature over the unmodified UTF-8 octets of the text (type 0x00), so
 * that `gpg --verify` accepts it.
 */
export async function signDetached(
  text: string | Uint8Array,
  key: PrivateKey,
  date: Date,
): Promise<string> {
  const { at } = await signerOf(key, date)
  const signature: unknown = await sign({
    message: await createMessage({ binary: binaryOf(text) }),
    signingKeys: secretOf(key),
    detached: true,
    date: at,
    config: forReading,
  })
  if (typeof signature !== 'string') throw new TypeError('openpgp gave no armored signature')
  return signature
}
