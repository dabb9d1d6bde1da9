import { randomBytes } from 'node:crypto'

import { ID_PATTERN } from './id-pattern.js'

export { ID_PATTERN }

/**
 * A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random. Sorts by time.
 */
export function newId(now: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** 128 random bits as 32 hexadecimal digits: a name that reveals nothing. */
export function randomName(): string {
  return randomBytes(16).toString('hex')
}

/** When an ID was made, in milliseconds since 1970; undefined for what is none of ours. */
export const timeOfId = (id: string): number | undefined =>
  ID_PATTERN.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined

/** Keyed handles of patients, as the ledger has them: 64 hexadecimal digits. */
const HANDLES = /\b[0-9a-f]{64}\b/g

/** The handles in a recorded query, whatever its form. */
export const handlesIn = (query: unknown): readonly string[] =>
  JSON.stringify(query ?? null).match(HANDLES) ?? []
