/**
 * The text that a readiness check seals to a reader, and its answer. A client that decrypts
 * anything a server sends could be made to open a study: so it answers only with a digest, and only
 * for a text of exactly this form.
 */

/** Longer content is not read at all. */
export const MAX_CHECK_BYTES = 512
/** Size limit of the sealed text: one key packet and some hundred octets. */
export const MAX_SEALED_CHECK_BYTES = 8192
/** Characters of an armored signature, by an RSA key of any size in use. */
export const MAX_CHECK_SIGNATURE = 3000

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

/** Undefined unless the octets are exactly such a text; if undefined, nothing may be answered. */
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
 * The answer is the SHA-256 of this, hexadecimal: it shows that the check was read and reveals
 * nothing about any other text.
 */
export const answerToKeyCheck = ({ origin, principal, nonce }: KeyCheck): string =>
  `nocturne-check-answer/v1|${origin}|${principal}|${nonce}`
