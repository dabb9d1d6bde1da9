/**
 * What a facility signs when it takes responsibility for a quarantined item: which bytes, which
 * findings it looked at, and why they may be sent on. One exact text, so that a signature for one
 * item is valid for no other.
 */
import * as z from 'zod/mini'
import type { Code } from '../lib/errors.js'
import { canonicalJson } from '../lib/json.js'
import { MOST_DECIDED, id, itemNumber, principalId, sha256, statedInstant } from './words.js'

/**
 * Findings that a person can overrule by looking at the image or document. A header that cannot be
 * read, or in which an identifier was left, is never released, since nobody can look at all of it.
 */
export const WAIVABLE = [
  'pixels_at_risk',
  'pixels_not_cleaned',
  'text_in_pixels',
  'features_at_risk',
  'document_held',
  'document_type',
  'document_unscanned',
] as const satisfies readonly Code[]
export type Waivable = (typeof WAIVABLE)[number]

export const isWaivable = (code: string): code is Waivable => WAIVABLE.some((one) => one === code)

/** Why it may be sent on. Codes, since a sentence could name the patient. */
export const RELEASE_REASONS = ['no-identifiers-seen', 'needed-for-treatment'] as const
export type ReleaseReason = (typeof RELEASE_REASONS)[number]

const release = z.strictObject({
  v: z.literal(2),
  type: z.literal('nocturne-release'),
  gateway: z.string(),
  facility: z.string(),
  transfer: id,
  item: itemNumber,
  /** Every finding that was looked at, in alphabetical order. */
  codes: z.array(z.enum(WAIVABLE)).check(z.minLength(1), z.maxLength(WAIVABLE.length)),
  reason: z.enum(RELEASE_REASONS),
  /** SHA-256 of the original. */
  sha256,
  signedAt: statedInstant,
})
export type ReleaseStatement = Readonly<Omit<z.infer<typeof release>, 'v' | 'type' | 'codes'>> & {
  readonly codes: readonly Waivable[]
}

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeRelease = ({ codes, ...statement }: ReleaseStatement): string =>
  canonicalJson({
    v: 2,
    type: 'nocturne-release',
    codes: [...new Set(codes)].sort(),
    ...statement,
  })

const releasedItem = z.strictObject({
  transfer: id,
  item: itemNumber,
  codes: z.array(z.enum(WAIVABLE)).check(z.minLength(1), z.maxLength(WAIVABLE.length)),
  sha256,
})

const releases = z.strictObject({
  v: z.literal(3),
  type: z.literal('nocturne-release'),
  gateway: z.string(),
  facility: z.string(),
  /**
   * The person who looked and signed, if the facility names its people; otherwise the facility's
   * own key signs.
   */
  by: z.optional(principalId),
  /** In the same order as the originals that follow. */
  items: z.array(releasedItem).check(z.minLength(1), z.maxLength(MOST_DECIDED)),
  reason: z.enum(RELEASE_REASONS),
  signedAt: statedInstant,
})
export type ReleasesStatement = Omit<z.infer<typeof releases>, 'v' | 'type'>

/**
 * One text for all items of a study that were looked at together; canonical JSON (RFC 8785).
 */
export const writeReleases = ({ items, ...statement }: ReleasesStatement): string =>
  canonicalJson({
    v: 3,
    type: 'nocturne-release',
    ...statement,
    items: items.map(({ codes, ...item }) => ({ ...item, codes: [...new Set(codes)].sort() })),
  })

/** Undefined unless the text has exactly this form and names no item twice. */
export function readReleases(text: string): ReleasesStatement | undefined {
  try {
    const { data } = releases.safeParse(JSON.parse(text))
    if (!data || writeReleases(data) !== text) return undefined
    const named = new Set(data.items.map(({ transfer, item }) => `${transfer} ${String(item)}`))
    return named.size === data.items.length ? data : undefined
  } catch {
    return undefined
  }
}

/** Undefined unless the text has exactly this form. */
export function readRelease(text: string): ReleaseStatement | undefined {
  try {
    const { data } = release.safeParse(JSON.parse(text))
    if (!data || writeRelease(data) !== text) return undefined
    return data
  } catch {
    return undefined
  }
}
