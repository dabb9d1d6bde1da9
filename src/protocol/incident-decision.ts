/**
 * What an officer signs when deciding an incident: the decision, and digests of the facts and of
 * the reasoning that it is based on. Digests only, so that it contains nothing about patients.
 */
import * as z from 'zod/mini'
import { canonicalJson } from '../lib/json.js'
import { readSigned } from './signed.js'
import { count, principalId, sha256, statedInstant } from './words.js'

/** 164.402: a breach, unless a low probability of compromise is shown or an exception applies. */
export const DECISIONS = ['breach', 'low-probability', 'exception'] as const

const decision = z.strictObject({
  v: z.literal(1),
  type: z.literal('nocturne-incident-decision'),
  gateway: z.string(),
  incident: z.string(),
  decision: z.enum(DECISIONS),
  /** SHA-256 of the canonical JSON of the facts. */
  facts: sha256,
  /** SHA-256 of the canonical JSON of the four factors as written. */
  factors: sha256,
  individuals: count,
  by: principalId,
  signedAt: statedInstant,
})
export type IncidentDecision = Omit<z.infer<typeof decision>, 'v' | 'type'>

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const writeDecision = (statement: IncidentDecision): string =>
  canonicalJson({ v: 1, type: 'nocturne-incident-decision', ...statement })

/** Undefined unless the text has exactly this form. */
export const readDecision = (text: string): IncidentDecision | undefined =>
  readSigned(text, decision)
