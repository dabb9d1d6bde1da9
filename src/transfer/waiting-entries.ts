/**
 * Manifest entries of an open transfer, kept in the database until the manifest is made. They
 * contain plaintext digests and the media type as declared by the sender, so each is encrypted
 * under a key of the facility with AES-256-GCM and bound to its item.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import type { ManifestEntry } from '../protocol/manifest.js'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Returns nonce, tag and ciphertext in base64. */
export function hideEntry(
  secret: Buffer,
  transfer: string,
  index: number,
  entry: ManifestEntry,
): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), nonce)
  cipher.setAAD(placeOf(transfer, index))
  const hidden = Buffer.concat([cipher.update(JSON.stringify(entry)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64')
}

/**
 * @param secrets all generations of the facility's secret, because it may have been rotated while
 *   the transfer was open
 * @throws NocturneError `database_unavailable` for an entry that was not written by this gateway
 *   for this item
 */
export function showEntry(
  secrets: readonly Buffer[],
  transfer: string,
  index: number,
  text: string,
): ManifestEntry {
  const bytes = Buffer.from(text, 'base64')
  let cause: unknown
  for (const secret of secrets) {
    try {
      return decipher(secret, placeOf(transfer, index), bytes)
    } catch (error) {
      cause = error
    }
  }
  throw new NocturneError('database_unavailable', { cause })
}

function decipher(secret: Buffer, place: Buffer, bytes: Buffer): ManifestEntry {
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const opener = createDecipheriv('aes-256-gcm', keyOf(secret), nonce, { authTagLength: TAG_BYTES })
  opener.setAAD(place)
  opener.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const shown = opener.update(bytes.subarray(NONCE_BYTES + TAG_BYTES))
  return JSON.parse(Buffer.concat([shown, opener.final()]).toString()) as ManifestEntry
}

/** Derived once per secret, and kept no longer than it is. */
const derived = new WeakMap<Buffer, Buffer>()

function keyOf(secret: Buffer): Buffer {
  const known = derived.get(secret)
  if (known) return known
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'nocturne/waiting-entries/v1', 32))
  derived.set(secret, key)
  return key
}

const placeOf = (transfer: string, index: number): Buffer => Buffer.from(`${transfer}/${index}`)
