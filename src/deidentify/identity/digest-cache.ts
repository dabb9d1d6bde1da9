/** Caches digests of values that occur in one instance after another. */
import type { ValueDigest } from './hmac.js'

const VALUES = 5000
const LONGEST = 128

interface Known {
  readonly path: string
  /** The bytes of the value, read as Latin-1. */
  readonly value: string
  readonly digest: string
}

/**
 * Wraps `make` with a cache of recent values. Lookup uses a hash of the bytes and compares in
 * place, so no string is created for a cached value; a header has about a hundred.
 */
export function cachedDigests(make: ValueDigest): ValueDigest {
  const known = new Map<number, Known>()
  return (path, buffer, start, end) => {
    if (end - start > LONGEST) return make(path, buffer, start, end)
    const number = numberOf(path, buffer, start, end)
    const before = known.get(number)
    if (before?.path === path && isSame(before.value, buffer, start, end)) return before.digest
    const digest = make(path, buffer, start, end)
    if (known.size >= VALUES) known.clear()
    known.set(number, { path, value: buffer.toString('latin1', start, end), digest })
    return digest
  }
}

const TAG_LENGTH = 8

/**
 * FNV-1a of the tag at the end of the path, and of the value. Values with the same hash replace
 * each other.
 */
function numberOf(path: string, buffer: Buffer, start: number, end: number): number {
  let number = 0x811c9dc5
  for (let at = path.length - TAG_LENGTH; at < path.length; at++)
    number = Math.imul(number ^ path.charCodeAt(at), 0x01000193)
  for (let at = start; at < end; at++) number = Math.imul(number ^ (buffer[at] ?? 0), 0x01000193)
  return number
}

function isSame(value: string, buffer: Buffer, start: number, end: number): boolean {
  if (value.length !== end - start) return false
  for (let at = start; at < end; at++) if (buffer[at] !== value.charCodeAt(at - start)) return false
  return true
}
