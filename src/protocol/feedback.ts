/**
 * What a reviewer says about a report, sealed to its author, and what somebody notes on a case,
 * sealed to the facility and the group: the contents of these messages.
 */
import * as z from 'zod/mini'
import { id, principalId, statedInstant } from './words.js'

/**
 * Scores of RADPEER (American College of Radiology): how far the reviewer agrees, and whether the
 * difference is likely to matter.
 */
export const FEEDBACK_SCORES = ['1', '2a', '2b', '3a', '3b'] as const
export type FeedbackScore = (typeof FEEDBACK_SCORES)[number]

export const MAX_FEEDBACK_CHARS = 65_536

export const feedbackDocument = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-feedback'),
  gateway: z.string().check(z.maxLength(500)),
  report: id,
  giver: principalId,
  text: z.string().check(z.minLength(1), z.maxLength(MAX_FEEDBACK_CHARS)),
  score: z.optional(z.enum(FEEDBACK_SCORES)),
  signedAt: statedInstant,
})
export type FeedbackDocument = z.infer<typeof feedbackDocument>

export const MAX_NOTE_CHARS = 16_384

export const noteDocument = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-note'),
  gateway: z.string().check(z.maxLength(500)),
  /** Code of the case. */
  case: z.string().check(z.maxLength(20)),
  author: principalId,
  text: z.string().check(z.minLength(1), z.maxLength(MAX_NOTE_CHARS)),
  signedAt: statedInstant,
})
export type NoteDocument = z.infer<typeof noteDocument>
