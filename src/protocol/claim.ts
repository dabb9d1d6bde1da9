/**
 * What a reader signs to show that they can open a transfer, before they hold its case. The signing
 * key is derived from the transfer's session key (src/seal/README.md), so only a reader who has
 * opened one of its key packets has the key.
 */
import { canonicalJson } from '../lib/json.js'

export interface ClaimStatement {
  readonly gateway: string
  readonly case: string
  /** The transfer whose manifest's session key the proof comes from. */
  readonly transfer: string
  readonly reader: string
  /** From the gateway's challenge. */
  readonly nonce: string
}

/** Canonical JSON (RFC 8785): the octets that are signed. */
export const claimStatement = (one: ClaimStatement): string =>
  canonicalJson({ v: 1, type: 'nocturne-claim', ...one })

/**
 * The text that a challenge seals to the reader's certificate; its SHA-256 is the answer. For
 * readers who use only curl and gpg.
 */
export const sealedClaimText = (
  one: ClaimStatement,
  secret: string,
  /** What else the answer is good for; empty for a claim. */
  purpose: readonly string[] = [],
): string =>
  ['nocturne-claim/v1', one.gateway, one.case, one.transfer, one.reader, ...purpose, secret].join(
    '|',
  )

/** Limit of the sealed text: names, ids and two digests. */
export const MAX_SEALED_CLAIM_BYTES = 2048

/** The gateway's answer to a claim without proof. */
export interface ClaimChallenge {
  readonly case: string
  readonly code: string
  readonly transfer: string
  readonly nonce: string
  readonly expiresAt: string
  /** True for a transfer sealed before proof keys existed: nobody can sign, only answer. */
  readonly isAnswerOnly?: boolean
  /**
   * One OpenPGP message in base64, sealed to the reader's current certificate; absent when the
   * transfer is not sealed to that certificate.
   */
  readonly sealed?: string
}

/** Either member is enough. */
export type ClaimProof =
  /** Ed25519 over `claimStatement`, in base64. */
  | { readonly nonce: string; readonly signature: string }
  /** SHA-256 of the content of `sealed`, hexadecimal. */
  | { readonly nonce: string; readonly answer: string }
