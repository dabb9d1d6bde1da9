/**
 * The text that is signed to sign in. Only the gateway checks its MAC; a client reads the rest
 * before it signs.
 */

export interface Challenge {
  readonly origin: string
  readonly principal: string
  /** 128 random bits, hexadecimal. */
  readonly nonce: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Longest challenge that a gateway sends. */
export const CHALLENGE_LENGTH = 1024

/**
 * The first line distinguishes a sign-in signature from every other kind of statement, and tells
 * people what they are about to sign. No final line feed.
 */
const FORMAT =
  /^nocturne sign-in v1\norigin: (https?:\/\/[^\s/]{1,255})\nprincipal: ([A-Za-z0-9][A-Za-z0-9._-]{0,63})\nnonce: ([0-9a-f]{32})\nexpires: (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)\nmac: ([0-9a-f]{64})$/

/** All lines before the MAC: the input of the MAC. */
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
 * Parses a challenge, so that a client can compare it with the origin it talks to and the principal
 * it asked for before it signs. Undefined when the text is not a challenge; it must not be signed
 * then.
 */
export function readChallenge(text: string): Challenge | undefined {
  if (text.length > CHALLENGE_LENGTH) return undefined
  const [, origin, principal, nonce, expires] = FORMAT.exec(text) ?? []
  const expiresAt = Date.parse(expires ?? '')
  return origin && principal && nonce && Number.isFinite(expiresAt)
    ? { origin, principal, nonce, expiresAt }
    : undefined
}
