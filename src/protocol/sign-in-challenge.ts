/**
 * The text that is signed to sign in. Its MAC is the gateway's own business; a client reads the
 * rest before it signs.
 */

export interface Challenge {
  readonly origin: string
  readonly principal: string
  /** 128 random bits, hexadecimal. */
  readonly nonce: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** No gateway's challenge is longer. */
export const CHALLENGE_LENGTH = 1024

/**
 * The first line keeps a signature for signing in apart from every other kind of statement, and
 * tells a person what they are about to sign. No final line feed.
 */
const FORMAT =
  /^nocturne sign-in v1\norigin: (https?:\/\/[^\s/]{1,255})\nprincipal: ([A-Za-z0-9][A-Za-z0-9._-]{0,63})\nnonce: ([0-9a-f]{32})\nexpires: (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)\nmac: ([0-9a-f]{64})$/

/** All lines before the MAC, and what the MAC is over. */
export const writeUnsealedChallenge = ({
  origin,
  principal,
  nonce,
  expiresAt,
}: Challenge): string =>
  [
    'nocturne sign-in v1',
    `origin: ${origin}`,
    `principal: ${principal}`,
    `nonce: ${nonce}`,
    `expires: ${new Date(expiresAt).toISOString()}`,
  ].join('\n')

/** `mac` is hexadecimal. */
export const writeChallenge = (unsealed: string, mac: string): string => `${unsealed}\nmac: ${mac}`

/**
 * What a challenge says, for a client to compare before it signs: with the origin it talks to and
 * with the principal it asked for. Undefined when the text is not a challenge; it must not be
 * signed then.
 */
export function readChallenge(text: string): Challenge | undefined {
  if (text.length > CHALLENGE_LENGTH) return undefined
  const [, origin, principal, nonce, expires] = FORMAT.exec(text) ?? []
  const expiresAt = Date.parse(expires ?? '')
  return origin && principal && nonce && Number.isFinite(expiresAt)
    ? { origin, principal, nonce, expiresAt }
    : undefined
}
