import type { AlgorithmInfo, Key, Subkey } from 'openpgp'
import type { CertificateReport } from './recipient.js'
import type {} from './openpgp-types.js'
import { lenient, strict, weaknessOf } from './policy.js'
import type { PolicyOptions } from './policy.js'

/** Feature flag and cipher suite (RFC 9580 sections 5.2.3.32 and 5.2.3.15). */
const FEATURE_SEIPD2 = 0x08
const AES256 = 9
const GCM = 3

/** Key flags (RFC 9580 section 5.2.3.29). */
const CERTIFY = 0x01
const SIGN = 0x02
const ENCRYPT = 0x04 | 0x08

/** What the policy's rules evaluate: one parsed certificate at one point in time. */
export interface Facts {
  readonly isRevoked: boolean
  /**
   * Whether any self-signature, of any date and strength, binds the primary key (v4: to a user ID;
   * v6: directly).
   */
  readonly isBound: boolean
  /** A version 4 certificate without one cannot be bound. */
  readonly hasUserId: boolean
  /** Of a curve that nothing here verifies. */
  readonly unsupported: string | undefined
  readonly expiresAt: Date | undefined
  readonly isExpired: boolean
  /** The key, or all its self-signatures, are dated in the future. */
  readonly isFuture: boolean
  /** Why the primary key is too weak. */
  readonly weakness: string | undefined
  readonly hasStrongBinding: boolean
  readonly canEncrypt: boolean
  /** Why the subkey that would be chosen regardless of strength is too weak. */
  readonly encryptionWeakness: string | undefined
}

/** openpgp reports that something is invalid by throwing. */
const holds = (claim: Promise<unknown>): Promise<boolean> =>
  claim.then(
    () => true,
    () => false,
  )

const unsupportedOf = (key: Key): string | undefined => {
  const { curve } = key.getAlgorithmInfo()
  return curve?.startsWith('brainpool') === true ? curve : undefined
}

export async function gatherFacts(key: Key, now: Date, options: PolicyOptions): Promise<Facts> {
  const config = strict(options)
  const isRevoked = await key.isRevoked(undefined, undefined, now, lenient)
  const isBound = await holds(key.getPrimarySelfSignature(null, undefined, lenient))
  const isBoundNow = await holds(key.verifyPrimaryKey(now, undefined, lenient))
  const expiresAt = await expiryOf(key, now)
  const isExpired = expiresAt !== undefined && expiresAt <= now
  const usable = await encryptionKey(key, now, options)
  const preferred = usable ?? (await chooseKey(key, now, lenient))
  return {
    isRevoked,
    isBound,
    hasUserId: key.users.some(({ userID }) => userID !== null),
    unsupported: unsupportedOf(key),
    expiresAt,
    isExpired,
    isFuture: key.getCreationTime() > now || (isBound && !isBoundNow && !isRevoked && !isExpired),
    weakness: weaknessOf(key.getAlgorithmInfo(), options),
    hasStrongBinding: isBoundNow
      ? await holds(key.verifyPrimaryKey(now, undefined, config))
      : await holds(key.getPrimarySelfSignature(null, undefined, config)),
    canEncrypt: usable !== undefined,
    encryptionWeakness:
      preferred &&
      (weaknessOf(preferred.getAlgorithmInfo(), options) ?? 'its binding uses SHA-1 or MD5'),
  }
}

/**
 * The key that a message to this certificate is sealed to: the newest valid key that may encrypt,
 * the same choice as openpgp makes. A revocation counts even when it is signed over an old hash.
 * Undefined when there is no such key.
 */
export const encryptionKey = (
  key: Key,
  now: Date,
  options: PolicyOptions,
): Promise<Key | Subkey | undefined> => chooseKey(key, now, strict(options))

async function chooseKey(
  key: Key,
  now: Date,
  config: typeof lenient,
): Promise<Key | Subkey | undefined> {
  const newestFirst = key.subkeys.toSorted(
    (a, b) =>
      b.getCreationTime().getTime() - a.getCreationTime().getTime() ||
      b.keyPacket.algorithm - a.keyPacket.algorithm,
  )
  for (const candidate of [...newestFirst, key]) {
    try {
      const found = await key.getEncryptionKey(candidate.getKeyID(), now, undefined, config)
      await key.verifyPrimaryKey(now, undefined, lenient)
      if ('mainKey' in found) await found.verify(now, lenient)
      return found
    } catch {
      // Not this key: it may not encrypt, or is expired, revoked or too weak.
    }
  }
  return undefined
}

/**
 * Whether the certificate announces version 2 packets with the one suite that we write: RFC 9580
 * section 13.8 allows version 2 only for recipients that announce it.
 */
export async function takesSeipd2(key: Key, now: Date, options: PolicyOptions): Promise<boolean> {
  try {
    const own = await key.getPrimarySelfSignature(now, undefined, strict(options))
    return (
      ((own.features?.[0] ?? 0) & FEATURE_SEIPD2) !== 0 &&
      (own.preferredCipherSuites ?? []).some(([cipher, mode]) => cipher === AES256 && mode === GCM)
    )
  } catch {
    return false
  }
}

export async function describeKey(
  key: Key | Subkey,
  now: Date,
): Promise<CertificateReport['keys'][number]> {
  const info = key.getAlgorithmInfo()
  return {
    fingerprint: key.getFingerprint(),
    algorithm: algorithmName(info),
    bits: info.bits,
    curve: info.curve,
    uses: await usesOf(key, now),
    expiresAt: await expiryOf(key, now),
  }
}

export async function expiryOf(key: Key | Subkey, now: Date | null): Promise<Date | undefined> {
  const expiry =
    'mainKey' in key
      ? await key.getExpirationTime(now, lenient)
      : await key.getExpirationTime(undefined, lenient)
  return expiry instanceof Date ? expiry : undefined
}

/**
 * When a certificate can no longer be used for `use`: when it expires, or when the last of its keys
 * for this use does. A subkey may expire years before its certificate, and its owner must be warned
 * about that too, also after it has expired. A certificate without such a key lasts until its own
 * expiry.
 */
export async function lastsUntil(
  key: Key,
  use: 'encrypt' | 'sign',
  expiresAt: Date | undefined,
  options: PolicyOptions,
): Promise<Date | undefined> {
  const ends: (Date | undefined)[] = []
  for (const candidate of [key, ...key.subkeys])
    if (weaknessOf(candidate.getAlgorithmInfo(), options) === undefined)
      if ((await usesOf(candidate, null)).includes(use)) ends.push(await expiryOf(candidate, null))
  const dated = ends.filter((end) => end !== undefined)
  if (ends.length === 0 || dated.length < ends.length) return expiresAt
  const last = Math.max(...dated.map((end) => end.getTime()))
  return expiresAt === undefined || last < expiresAt.getTime() ? new Date(last) : expiresAt
}

/**
 * Returns an empty list for a subkey that is revoked, or has expired at `now`. When `now` is null,
 * expiry is ignored.
 */
async function usesOf(
  key: Key | Subkey,
  now: Date | null,
): Promise<CertificateReport['keys'][number]['uses']> {
  try {
    const own =
      'mainKey' in key
        ? await key.verify(now, lenient)
        : await key.getPrimarySelfSignature(null, undefined, lenient)
    const flags = own.keyFlags?.[0] ?? 0
    return [
      ...((flags & CERTIFY) !== 0 ? ['certify' as const] : []),
      ...((flags & SIGN) !== 0 ? ['sign' as const] : []),
      ...((flags & ENCRYPT) !== 0 ? ['encrypt' as const] : []),
    ]
  } catch {
    return []
  }
}

const ALGORITHM_NAMES: Readonly<Record<string, string>> = {
  rsaEncryptSign: 'RSA',
  rsaEncrypt: 'RSA',
  rsaSign: 'RSA',
  elgamal: 'ElGamal',
  dsa: 'DSA',
  ecdsa: 'ECDSA',
  eddsaLegacy: 'Ed25519',
  ed25519: 'Ed25519',
  x25519: 'X25519',
  ed448: 'Ed448',
  x448: 'X448',
}

function algorithmName({ algorithm, curve }: AlgorithmInfo): string {
  if (algorithm === 'ecdh') return curve === 'curve25519Legacy' ? 'X25519' : 'ECDH'
  return ALGORITHM_NAMES[algorithm] ?? algorithm
}
