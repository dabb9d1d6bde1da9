/**
 * The text that is signed to sign in. It is stateless: a MAC shows that a gateway of this site wrote it, so that
 * asking for one costs no write, answers the same for everybody, and cannot use up anything.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

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
 * The first line keeps a signature for signing in apart from every other kind of statement, and tells a person
 * what they are about to sign. No final line feed.
 */
const FORMAT =
  /^nocturne sign-in v1\norigin: (https?:\/\/[^\s/]{1,255})\nprincipal: ([A-Za-z0-9][A-Za-z0-9._-]{0,63})\nnonce: ([0-9a-f]{32})\nexpires: (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)\nmac: ([0-9a-f]{64})$/

const write = ({ origin, principal, nonce, expiresAt }: Challenge): string =>
  [
    'nocturne sign-in v1',
    `origin: ${origin}`,
    `principal: ${principal}`,
    `nonce: ${nonce}`,
    `expires: ${new Date(expiresAt).toISOString()}`,
  ].join('\n')

/**
 * What a challenge says, for a client to compare before it signs: with the origin it talks to and with the
 * principal it asked for. Undefined when the text is not a challenge; it must not be signed then.
 */
export function readChallenge(text: string): Challenge | undefined {
  if (text.length > CHALLENGE_LENGTH) return undefined
  const [, origin, principal, nonce, expires] = FORMAT.exec(text) ?? []
  const expiresAt = Date.parse(expires ?? '')
  return origin && principal && nonce && Number.isFinite(expiresAt)
    ? { origin, principal, nonce, expiresAt }
    : undefined
}

export interface ChallengeBook {
  /** @throws TypeError when a part could not be read back, because it would break the format */
  write(challenge: Omit<Challenge, 'nonce'>): string
  /** Undefined unless the text, to the last byte, was written with the same secret. */
  read(text: string): Challenge | undefined
}

/** `secret` is any secret that all gateways of the site share; the key is derived from it for this use alone. */
export function createChallengeBook(secret: Uint8Array): ChallengeBook {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'nocturne sign-in challenge v1', 32))
  const sign = (challenge: Challenge): string => {
    const text = write(challenge)
    return `${text}\nmac: ${createHmac('sha256', key).update(text).digest('hex')}`
  }
  return {
    write(parts) {
      const text = sign({ ...parts, nonce: randomBytes(16).toString('hex') })
      if (!readChallenge(text)) throw new TypeError('a part of the challenge breaks its format')
      return text
    },
    read(text) {
      const challenge = readChallenge(text)
      if (!challenge) return undefined
      const expected = Buffer.from(sign(challenge))
      const given = Buffer.from(text)
      return expected.length === given.length && timingSafeEqual(expected, given)
        ? challenge
        : undefined
    },
  }
}
