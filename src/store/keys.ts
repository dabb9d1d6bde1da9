/** Keys and ranges: what both stores take, checked before either is asked. */
import type { ByteRange } from './contract.js'

/**
 * No dot, no upper case, no empty segment: a key cannot leave its folder or meet the store's own
 * names.
 */
const KEY = /^[a-z0-9]+(\/[a-z0-9-]+)*$/

/**
 * S3 allows 1,024 bytes with the prefix; a file system 255 for one segment, its ending included.
 */
const MAX_KEY = 512
const MAX_SEGMENT = 200

/** The published log lies under this name; it is no object. */
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
 * @throws TypeError for a key that our own code should not have made; the text does not name it.
 */
export function requireKey(key: string): void {
  if (!isKey(key)) throw new TypeError('not a key of the object store')
}

/** @throws TypeError for a range that names no byte. */
export function requireRange({ start, end }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw new TypeError('not a range of bytes')
}
