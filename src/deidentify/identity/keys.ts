/** Keyed digests: one secret a facility, a key of its own for every use (HKDF, RFC 5869). */
import { hkdfSync } from 'node:crypto'
import { hmacUnder, type Hmac, type ValueDigest } from './hmac.js'
import { remembered } from '../../lib/remembered.js'
import { rememberedDigests } from './remembered-digests.js'

/**
 * Derived keys live as long as the secret they come from, which its owner keeps for the life of the
 * process.
 */
const digests = new WeakMap<Buffer, Map<string, Hmac>>()
/** Domains that are kept for a secret: `strip` has some for every transfer. */
const DOMAINS = 32

/**
 * HMAC-SHA256 under the key that belongs to `domain`; the same object as long as it is remembered.
 */
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

/** Public id of a secret: tells generations of a facility's secret apart, and nothing else. */
export const keyIdOf = (secret: Buffer): string =>
  keyedDigest(secret, 'key id').ofText('').toString('hex', 0, 8)

/**
 * A UID under 2.25 (PS3.5 B.2): the digest's first 128 bits as a UUID of version 8 (RFC 9562
 * section 5.8), in decimal. The same UID gives the same one, always and everywhere under this key,
 * and tells nothing without it.
 */
export function uidMapper(digest: Hmac): (uid: string) => string {
  const before = mappers.get(digest)
  if (before) return before
  const mapper = remembered((uid: string) => mapped(digest, uid), UIDS, UID_LENGTH)
  mappers.set(digest, mapper)
  return mapper
}

/** The slices of a study name the same study, series, frame of reference and equipment. */
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
 * `ofValue`, with the last values remembered: those of scanner and institution stand in every
 * instance.
 */
export function valueDigester(digest: Hmac): ValueDigest {
  const before = valueDigests.get(digest)
  if (before) return before
  const digester = rememberedDigests(digest.ofValue)
  valueDigests.set(digest, digester)
  return digester
}

/**
 * Classes, syntaxes, coding schemes and the like: UIDs of DICOM's own registry (PS3.6 annex A), all
 * of them short.
 */
export const isRegistered = (uid: string): boolean => /^1\.2\.840\.10008\.[0-9.]{1,24}$/.test(uid)

/** The registry's instances: frames of reference, color palettes, and well-known SOP Instances. */
export const isWellKnownInstance = (uid: string): boolean =>
  /^1\.2\.840\.10008\.(1\.[45]\.\d{1,2}(\.\d{1,3})?|1\.(20|40|42)(\.\d){0,2}|5\.1\.1\.(17|40)\.\d{1,3})$/.test(
    uid,
  )
