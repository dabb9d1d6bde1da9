/**
 * The text that is signed to sign in. It is stateless: a MAC shows that a gateway of this site
 * wrote it, so that asking for one costs no write, answers the same for everybody, and cannot use
 * up anything.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  readChallenge,
  writeChallenge,
  writeUnsealedChallenge,
} from '../../protocol/sign-in-challenge.js'
import type { Challenge } from '../../protocol/sign-in-challenge.js'

export interface ChallengeBook {
  /** @throws TypeError when a part could not be read back, because it would break the format */
  write(challenge: Omit<Challenge, 'nonce'>): string
  /** Undefined unless the text, to the last byte, was written with the same secret. */
  read(text: string): Challenge | undefined
}

/**
 * `secret` is any secret that all gateways of the site share; the key is derived from it for this
 * use alone.
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
