/**
 * What a facility signs when it discards held items: which ones, and why they are not needed. One
 * text for all items of a study. It has no digests, since an item that cannot be opened or read may
 * be discarded as well; an item's transfer and number are never used for another one.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { MOST_DECIDED, id, itemNumber, principalId, statedInstant } from './words.js'

/** Why it is no longer needed. Codes, since a sentence could name the patient. */
export const DISCARD_REASONS = ['not-needed', 'sent-otherwise', 'wrong-patient', 'damaged'] as const
export type DiscardReason = (typeof DISCARD_REASONS)[number]

const discarded = z.strictObject({ transfer: id, item: itemNumber })

const discard = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-discard'),
  gateway: z.string(),
  facility: z.string(),
  /**
   * The person who decided and signed, if the facility names its people; otherwise the facility's
   * own key signs.
   */
  by: z.optional(principalId),
  items: z.array(discarded).check(z.minLength(1), z.maxLength(MOST_DECIDED)),
  reason: z.enum(DISCARD_REASONS),
  signedAt: statedInstant,
})
export type DiscardStatement = Omit<z.infer<typeof discard>, 'v' | 'type'>

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeDiscard = (statement: DiscardStatement): string =>
  canonicalJson({ v: 1, type: 'nocturne-discard', ...statement })

/** Undefined unless the text has exactly this form and names no item twice. */
export function readDiscard(text: string): DiscardStatement | undefined {
  try {
    const { data } = discard.safeParse(JSON.parse(text))
    if (!data || writeDiscard(data) !== text) return undefined
    const named = new Set(data.items.map(({ transfer, item }) => `${transfer} ${String(item)}`))
    return named.size === data.items.length ? data : undefined
  } catch {
    return undefined
  }
}
