/** Keyed digests: one secret per facility, and a separate key for every use (HKDF, RFC 5869). */
import { hkdfSync } from 'node:crypto'
import { hmacUnder, type Hmac, type ValueDigest } from './hmac.js'
import { cached } from '../../lib/cached.js'
import { cachedDigests } from './digest-cache.js'

/**
 * Derived keys live as long as the secret they are derived from, whose owner keeps it for the life
 * of the process.
 */
const digests = new WeakMap<Buffer, Map<string, Hmac>>()
/** Domains cached per secret: `strip` uses several for every transfer. */
const DOMAINS = 32

/** HMAC-SHA256 under the key for `domain`. Returns the same object as long as it is cached. */
export function keyedDigest(secret: Buffer, domain: string): Hmac {
  const known = digests.get(secret) ?? new Map<string, Hmac>()
  digests.set(secret, known)
  const before = known.get(domain)
  if (before) return before
  if (known.size >= DOMAINS) known.clear()
  const key = Buffer.from(hkdfSync('sha256', secret, '', `nocturne deidentify ${domain}`, 32))
  const digest = hmacUnder(key)
  known.set(domain, digest)
  return digest
}

/**
 * Public ID of a secret: distinguishes generations of a facility's secret, and reveals nothing
 * else.
 */
export const keyIdOf = (secret: Buffer): string =>
  keyedDigest(secret, 'key id').ofText('').toString('hex', 0, 8)

/**
 * Maps to a UID under 2.25 (PS3.5 B.2): the digest's first 128 bits as a version 8 UUID (RFC 9562
 * section 5.8), in decimal. Under the same key the same UID always maps to the same result, which
 * reveals nothing without the key.
 */
export function uidMapper(digest: Hmac): (uid: string) => string {
  const before = mappers.get(digest)
  if (before) return before
  const mapper = cached((uid: string) => mapped(digest, uid), UIDS, UID_LENGTH)
  mappers.set(digest, mapper)
  return mapper
}

/**
 * Cached, because the slices of a study name the same study, series, frame of reference and
 * equipment.
 */
const mappers = new WeakMap<Hmac, (uid: string) => string>()
const UIDS = 5000
const UID_LENGTH = 64

function mapped(digest: Hmac, uid: string): string {
  const bytes = digest.ofText(uid).subarray(0, 16)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(6) & 0x0f), 6)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`).toString()}`
}

const valueDigests = new WeakMap<Hmac, ValueDigest>()

/**
 * `ofValue` with a cache of recent values: those of the scanner and the institution are in every
 * instance.
 */
export function valueDigester(digest: Hmac): ValueDigest {
  const before = valueDigests.get(digest)
  if (before) return before
  const digester = cachedDigests(digest.ofValue)
  valueDigests.set(digest, digester)
  return digester
}

/**
 * UIDs of DICOM's own registry (PS3.6 annex A): classes, syntaxes, coding schemes and the like. All
 * are short.
 */
export const isRegistered = (uid: string): boolean => /^1\.2\.840\.10008\.[0-9.]{1,24}$/.test(uid)

/** Registered instances: frames of reference, color palettes, and well-known SOP Instances. */
export const isWellKnownInstance = (uid: string): boolean =>
  /^1\.2\.840\.10008\.(1\.[45]\.\d{1,2}(\.\d{1,3})?|1\.(20|40|42)(\.\d){0,2}|5\.1\.1\.(17|40)\.\d{1,3})$/.test(
    uid,
  )
