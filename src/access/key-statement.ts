/**
 * The text that a ready check seals to a reader, and what is answered to it. A client that decrypts what a server
 * hands it can be made to open a study: so it answers a digest only, and only for a text of exactly this form.
 */
import { createHash } from 'node:crypto'

/** A longer content is not even read. */
export const MAX_CHECK_BYTES = 512
/** The sealed text: one key packet and some hundred octets. */
export const MAX_SEALED_CHECK_BYTES = 8192

export interface KeyCheck {
  readonly origin: string
  readonly principal: string
  /** 256 bits, hexadecimal. */
  readonly nonce: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

const FORMAT =
  /^nocturne-check\/v1\|(https?:\/\/[^\s/|]{1,255})\|([A-Za-z0-9][A-Za-z0-9._-]{0,63})\|([0-9a-f]{64})\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/

/** `nocturne-check/v1|origin|principal|nonce|expiry`, without a line feed. */
export const writeKeyCheck = ({ origin, principal, nonce, expiresAt }: KeyCheck): string =>
  ['nocturne-check/v1', origin, principal, nonce, new Date(expiresAt).toISOString()].join('|')

/** Undefined unless the octets are such a text to the last one: then nothing may be answered. */
export function readKeyCheck(content: Uint8Array): KeyCheck | undefined {
  if (content.length > MAX_CHECK_BYTES) return undefined
  const text = Buffer.from(content).toString('latin1')
  const [, origin, principal, nonce, expires] = FORMAT.exec(text) ?? []
  const expiresAt = Date.parse(expires ?? '')
  return origin && principal && nonce && Number.isFinite(expiresAt)
    ? { origin, principal, nonce, expiresAt }
    : undefined
}

/** SHA-256 of context and nonce, hexadecimal: shows that the text was read, and tells nothing of any other. */
export const answerKeyCheck = ({ origin, principal, nonce }: KeyCheck): string =>
  createHash('sha256')
    .update(`nocturne-check-answer/v1|${origin}|${principal}|${nonce}`)
    .digest('hex')
