/** What clients send about a case. */
import * as z from 'zod/mini'
import type { ClaimProof } from './claim.js'
import { PRIORITIES } from './priority.js'
import { id, instant, principalId } from './words.js'

/**
 * Why a claim is taken from its holder: fixed words, since the ledger keeps no free text.
 */
export const OVERRIDE_REASONS = ['agreed', 'unreachable', 'emergency', 'shift-ended'] as const
export type OverrideReason = (typeof OVERRIDE_REASONS)[number]

/** Why a case is closed without a report sent through this gateway. */
export const CLOSE_REASONS = ['reported-elsewhere', 'duplicate', 'not-needed'] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

const nonce = z.string().check(z.maxLength(200))

/** A request that has to be proved. Without a proof, the answer is a challenge. */
export const proofFields = {
  nonce: z.optional(nonce),
  /** Ed25519 over the statement (claim.ts, recipient-statement.ts), in base64. */
  signature: z.optional(z.string().check(z.regex(/^[A-Za-z0-9+/]{86}==$/))),
  /** SHA-256 of the content sealed in the challenge, hexadecimal. */
  answer: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
}

interface ProofFields {
  readonly nonce?: string | undefined
  readonly signature?: string | undefined
  readonly answer?: string | undefined
}

/** The proof in a request; undefined when there is none. */
export function proofOf({ nonce, signature, answer }: ProofFields): ClaimProof | undefined {
  if (nonce === undefined) return undefined
  if (signature !== undefined) return { nonce, signature }
  return answer === undefined ? undefined : { nonce, answer }
}

export const claimRequest = z.strictObject({
  ...proofFields,
  /** Takes the claim from a holder whose claim has not expired. */
  override: z.optional(z.enum(OVERRIDE_REASONS)),
})
export type ClaimRequest = z.infer<typeof claimRequest>

export const releaseRequest = z.strictObject({
  reason: z.optional(z.enum(['given-back', 'cannot-open'])),
})

export const reassignRequest = z.strictObject({ to: principalId })

export const closeRequest = z.strictObject({ reason: z.enum(CLOSE_REASONS) })

export const exportRequest = z.strictObject({
  /** Name and version of the profile, such as `strip/6`. */
  profile: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,62}\/[\w.-]{1,20}$/)),
  items: z.int().check(z.positive(), z.maximum(1_000_000)),
})
export type ExportRequest = z.infer<typeof exportRequest>

export const priorityRequest = z.strictObject({
  priority: z.enum(PRIORITIES),
})

/** A case code, a case ID, or the ID of one of its transfers. */
const caseText = z.string().check(z.minLength(1), z.maxLength(100))

/** The case whose transfers join, and which is closed. */
export const joinRequest = z.strictObject({ with: caseText })

export const splitRequest = z.strictObject({
  transfers: z.array(id).check(z.minLength(1), z.maxLength(1_000)),
})

/** What a part of a case is about: fixed words, since the ledger keeps no free text. */
export const BODY_REGIONS = [
  'head',
  'neck',
  'chest',
  'heart',
  'breast',
  'abdomen',
  'pelvis',
  'spine',
  'upper-limb',
  'lower-limb',
  'vessels',
] as const
export type BodyRegion = (typeof BODY_REGIONS)[number]

/** Another reader reports the region: one reader of the group, or whoever claims it. */
export const shareRequest = z.strictObject({ region: z.enum(BODY_REGIONS), to: principalId })

/** The case of another group as which the facility sent the same studies. */
export const rerouteRequest = z.strictObject({ to: caseText })

/** `taker` takes over the duty of `giver` from `starts` until `ends`. */
export const swapRequest = z.strictObject({
  group: principalId,
  giver: principalId,
  taker: principalId,
  starts: instant,
  ends: instant,
})
