/**
 * What a facility signs when it takes responsibility for a quarantined item: which bytes, which finding it looked at, and
 * why they may go on. One exact text, so that a signature for one item is good for no other.
 */
import type { Code } from '../lib/errors.js'
import { ID_PATTERN } from '../lib/ids.js'
import { canonicalJson } from '../lib/json.js'

/**
 * Findings that a person can overrule by looking: an image or a document shows what it shows. A header that cannot be
 * read, or in which an identifier was left, is never released: nobody can look at all of it.
 */
export const WAIVABLE = [
  'pixels_at_risk',
  'pixels_not_cleaned',
  'text_in_pixels',
  'features_at_risk',
  'document_held',
] as const satisfies readonly Code[]
export type Waivable = (typeof WAIVABLE)[number]

export const isWaivable = (code: string): code is Waivable => WAIVABLE.some((one) => one === code)

/** Why it may go on. Codes, since a sentence could name the patient. */
export const RELEASE_REASONS = ['no-identifiers-seen', 'needed-for-treatment'] as const
export type ReleaseReason = (typeof RELEASE_REASONS)[number]

/** Why nobody needs it any more. */
export const DISCARD_REASONS = ['not-needed', 'sent-otherwise', 'wrong-patient', 'damaged'] as const
export type DiscardReason = (typeof DISCARD_REASONS)[number]

export interface ReleaseStatement {
  readonly gateway: string
  readonly facility: string
  readonly transfer: string
  readonly item: number
  /** Every finding that was looked at, in the order of the alphabet. */
  readonly codes: readonly Waivable[]
  readonly reason: ReleaseReason
  /** SHA-256 of the original, hexadecimal. */
  readonly sha256: string
  /** RFC 3339, UTC, milliseconds. */
  readonly signedAt: string
}

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeRelease = ({ codes, ...statement }: ReleaseStatement): string =>
  canonicalJson({
    v: 2,
    type: 'nocturne-release',
    codes: [...new Set(codes)].sort(),
    ...statement,
  })

/** Undefined unless it is such a text to the last character. */
export function readRelease(text: string): ReleaseStatement | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const read = (name: string): unknown => Reflect.get(value, name)
  const [gateway, facility, transfer] = [read('gateway'), read('facility'), read('transfer')]
  const [item, sha256, signedAt] = [read('item'), read('sha256'), read('signedAt')]
  const codes = readCodes(read('codes'))
  const reason = RELEASE_REASONS.find((one) => one === read('reason'))
  if (typeof gateway !== 'string' || typeof facility !== 'string') return undefined
  if (typeof transfer !== 'string' || !ID_PATTERN.test(transfer)) return undefined
  if (typeof item !== 'number' || !Number.isSafeInteger(item) || item < 1) return undefined
  if (codes === undefined || reason === undefined) return undefined
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined
  if (typeof signedAt !== 'string' || !INSTANT.test(signedAt)) return undefined
  if (Number.isNaN(Date.parse(signedAt))) return undefined
  const statement = { gateway, facility, transfer, item, codes, reason, sha256, signedAt }
  return writeRelease(statement) === text ? statement : undefined
}

function readCodes(value: unknown): readonly Waivable[] | undefined {
  if (!Array.isArray(value)) return undefined
  const codes = WAIVABLE.filter((code) => value.includes(code)).sort()
  return codes.length > 0 && codes.length === value.length ? codes : undefined
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
