/**
 * The text that a ready check seals to a reader, and how it is answered. A client that decrypts
 * whatever a server hands it can be made to open a study: so it answers with a digest only, and
 * only for a text of exactly this form.
 */

/** Longer content is not even read. */
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
  const text = String.fromCharCode(...content)
  const [, origin, principal, nonce, expires] = FORMAT.exec(text) ?? []
  const expiresAt = Date.parse(expires ?? '')
  return origin && principal && nonce && Number.isFinite(expiresAt)
    ? { origin, principal, nonce, expiresAt }
    : undefined
}

/**
 * The answer is the SHA-256 of this, hexadecimal: it shows that the check was read, and tells
 * nothing of any other text.
 */
export const answerToKeyCheck = ({ origin, principal, nonce }: KeyCheck): string =>
  `nocturne-check-answer/v1|${origin}|${principal}|${nonce}`
