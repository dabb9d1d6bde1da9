/**
 * The text that a person signs to sign in. It is stateless: a MAC proves that a gateway of this
 * site wrote it. Requesting one therefore causes no write, gets the same kind of answer for
 * everybody, and cannot exhaust anything.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  readChallenge,
  writeChallenge,
  writeUnsealedChallenge,
} from '../../protocol/sign-in-challenge.js'
import type { Challenge } from '../../protocol/sign-in-challenge.js'

export interface ChallengeBook {
  /** @throws TypeError when a field could not be parsed back, because it would break the format. */
  write(challenge: Omit<Challenge, 'nonce'>): string
  /** Undefined unless the exact text was written with the same secret. */
  read(text: string): Challenge | undefined
}

/**
 * `secret` may be any secret shared by all gateways of the site; a key for this purpose alone is
 * derived from it.
 */
export function createChallengeBook(secret: Uint8Array): ChallengeBook {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'nocturne sign-in challenge v1', 32))
  const sign = (challenge: Challenge): string => {
    const text = writeUnsealedChallenge(challenge)
    return writeChallenge(text, createHmac('sha256', key).update(text).digest('hex'))
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
