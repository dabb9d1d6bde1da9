/** Keys and ranges, validated here before either store uses them. */
import type { ByteRange } from './contract.js'

/**
 * No dot, no upper case, no empty segment: a key cannot escape its folder or collide with the
 * store's own names.
 */
const KEY = /^[a-z0-9]+(\/[a-z0-9-]+)*$/

/**
 * S3 allows 1,024 bytes including the prefix; file systems allow 255 bytes per segment including
 * the extension.
 */
const MAX_KEY = 512
const MAX_SEGMENT = 200

/** Reserved for the published log; no object key starts with it. */
const LOG = 'log/'

export function isKey(key: string): boolean {
  return (
    !key.startsWith(LOG) &&
    key.length <= MAX_KEY &&
    KEY.test(key) &&
    key.split('/').every((segment) => segment.length <= MAX_SEGMENT)
  )
}

/**
 * @throws TypeError for a key that our own code should never make; the message does not contain the
 *   key
 */
export function requireKey(key: string): void {
  if (!isKey(key)) throw new TypeError('not a key of the object store')
}

/**
 * @throws TypeError for an empty or invalid range
 */
export function requireRange({ start, end }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw new TypeError('not a range of bytes')
}
