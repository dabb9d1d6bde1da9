/**
 * A critical result: a finding that must reach a person at the facility, and the answers that end
 * it. The finding and a typed read-back are sealed; the statements about them, which the gateway
 * reads, contain neither text nor names.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { readSigned, signedRequest } from './signed.js'
import { id, instant, principalId, sha256 } from './words.js'

/** Categories 1, 2 and 3 of the ACR Actionable Reporting Work Group. */
export const CRITICAL_LEVELS = ['minutes', 'hours', 'days'] as const
export type CriticalLevel = (typeof CRITICAL_LEVELS)[number]

/** Until when each must be read back, unless the facility says otherwise, in milliseconds. */
export const CRITICAL_WITHIN_MS: Readonly<Record<CriticalLevel, number>> = {
  minutes: 30 * 60_000,
  hours: 6 * 3_600_000,
  days: 3 * 86_400_000,
}

/** Who took the finding at the facility: by role, since the ledger keeps no names. */
export const CONTACT_ROLES = [
  'ordering-physician',
  'covering-physician',
  'resident',
  'advanced-practice',
  'nurse',
  'technologist',
  'coordinator',
] as const
export type ContactRole = (typeof CONTACT_ROLES)[number]

/** One or two sentences that a person can read back. */
export const MAX_FINDING_CHARS = 2_000
/** Of a sealed finding or read-back, with its key packets. */
export const MAX_CRITICAL_BYTES = 64 << 10

const gateway = z.string().check(z.maxLength(120))
const finding = z.string().check(z.minLength(1), z.maxLength(MAX_FINDING_CHARS))
const uid = z.string().check(z.regex(/^[0-9.]{1,64}$/))

/** What the reader seals to the facility, the group and recovery. */
export const criticalDocument = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-critical'),
  gateway,
  case: id,
  code: z.string().check(z.maxLength(16)),
  level: z.enum(CRITICAL_LEVELS),
  author: principalId,
  authorName: z.optional(z.string().check(z.maxLength(200))),
  signedAt: instant,
  text: finding,
  /** Pseudonymous. */
  studies: z.array(uid).check(z.maxLength(100)),
  /** 32 random octets, hexadecimal: the key of the proof of a read-back. */
  salt: sha256,
})
export type CriticalDocument = z.output<typeof criticalDocument>

const criticalStatement = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-critical-statement'),
  gateway,
  case: id,
  level: z.enum(CRITICAL_LEVELS),
  author: principalId,
  /** SHA-256 of the sealed message, hexadecimal. */
  sha256,
  /** SHA-256 of the proof that the read-back has the words of the finding. */
  commitment: sha256,
  signedAt: instant,
})
export type CriticalStatement = z.output<typeof criticalStatement>

/** Canonical JSON (RFC 8785), as are the other statements: the octets that are signed. */
export const writeCriticalStatement = (one: Omit<CriticalStatement, 'v' | 'type'>): string =>
  canonicalJson({ v: 1, type: 'nocturne-critical-statement', ...one })

export const readCriticalStatement = (text: string): CriticalStatement | undefined =>
  readSigned(text, criticalStatement)

/** The text that a person at the facility typed, sealed to the same recipients. */
export const readBackDocument = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-read-back'),
  gateway,
  critical: id,
  text: finding,
})
export type ReadBackDocument = z.output<typeof readBackDocument>

const readBackStatement = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-read-back-statement'),
  gateway,
  critical: id,
  facility: principalId,
  role: z.enum(CONTACT_ROLES),
  sha256,
  signedAt: instant,
})
export type ReadBackStatement = z.output<typeof readBackStatement>

export const writeReadBackStatement = (one: Omit<ReadBackStatement, 'v' | 'type'>): string =>
  canonicalJson({ v: 1, type: 'nocturne-read-back-statement', ...one })

export const readReadBackStatement = (text: string): ReadBackStatement | undefined =>
  readSigned(text, readBackStatement)

const comparison = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-read-back-comparison'),
  gateway,
  critical: id,
  /** The answer that the reader compared. */
  readBack: id,
  reader: principalId,
  matches: z.boolean(),
  signedAt: instant,
})
export type Comparison = z.output<typeof comparison>

export const writeComparison = (one: Omit<Comparison, 'v' | 'type'>): string =>
  canonicalJson({ v: 1, type: 'nocturne-read-back-comparison', ...one })

export const readComparison = (text: string): Comparison | undefined => readSigned(text, comparison)

const phoneCall = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-critical-phone'),
  gateway,
  critical: id,
  reader: principalId,
  role: z.enum(CONTACT_ROLES),
  calledAt: instant,
  /** The person repeated the finding correctly. */
  readBack: z.boolean(),
  signedAt: instant,
})
export type PhoneCall = z.output<typeof phoneCall>

export const writePhoneCall = (one: Omit<PhoneCall, 'v' | 'type'>): string =>
  canonicalJson({ v: 1, type: 'nocturne-critical-phone', ...one })

export const readPhoneCall = (text: string): PhoneCall | undefined => readSigned(text, phoneCall)

/**
 * The words of a text as they are compared: letters and digits, without case, punctuation or line
 * breaks. A sign that changes the meaning of a number stays.
 */
export const wordsOf = (text: string): string =>
  (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[<>+-]?\d+(?:[.,]\d+)*|[\p{L}\p{M}\p{N}]+/gu) ?? []
  ).join(' ')

const message = z.base64().check(z.maxLength(Math.ceil((MAX_CRITICAL_BYTES * 4) / 3) + 4))

export const newCritical = z.strictObject({
  ...signedRequest.shape,
  /** One OpenPGP message in base64, sealed as a report is. */
  message,
})
export type NewCritical = z.output<typeof newCritical>

export const newReadBack = z.strictObject({
  ...signedRequest.shape,
  /** One OpenPGP message in base64, sealed to the reader among others. */
  message,
  /**
   * HMAC-SHA-256 over the words of the typed text, with the salt of the finding as the key. Without
   * it, the reader compares the two texts.
   */
  proof: z.optional(sha256),
})
export type NewReadBack = z.output<typeof newReadBack>
