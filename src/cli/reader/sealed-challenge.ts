/**
 * Answers a challenge that the gateway sealed to the reader's certificate: for transfers sealed
 * before the gateway kept proof keys. A message with any other content is not answered: it may be
 * a patient's study.
 */
import { createHash } from 'node:crypto'
import { MAX_SEALED_CLAIM_BYTES, sealedClaimText } from '../../protocol/claim.js'
import type { ClaimStatement } from '../../protocol/claim.js'
import type { ChallengeAnswer } from '../../protocol/http/cases.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { about, CommandError } from '../command-error.js'
import { once } from '../local-write.js'

export interface SealedAnswer {
  readonly nonce: string
  /** SHA-256 of the content, hexadecimal. */
  readonly answer: string
}

/** @throws CommandError `not_sealed_to_key`, `challenge_invalid` */
export async function answerSealed(
  { sealed, nonce }: ChallengeAnswer,
  expected: ClaimStatement,
  purpose: readonly string[],
  key: PrivateKey,
): Promise<SealedAnswer> {
  if (sealed === undefined)
    throw new CommandError('the transfer is not sealed to your current certificate', {
      code: 'not_sealed_to_key',
      hint: 'ask a colleague of the group who can open it to run nocturne rewrap ID --add YOU',
    })
  const pieces: Uint8Array[] = []
  const options = { ciphers: nodeCiphers, maxContentBytes: MAX_SEALED_CLAIM_BYTES }
  try {
    const message = once(Buffer.from(sealed, 'base64'))
    for await (const piece of openMessage(message, [key], options)) pieces.push(piece)
  } catch (error) {
    throw about('the challenge', error)
  }
  const content = Buffer.concat(pieces)
  const front = sealedClaimText(expected, '', purpose)
  const text = content.toString('latin1')
  if (!text.startsWith(front) || !/^[0-9a-f]{64}$/.test(text.slice(front.length)))
    throw new CommandError('the gateway sent something other than a challenge', {
      code: 'challenge_invalid',
      hint: 'tell the operator of the gateway; nothing was answered',
    })
  return { nonce, answer: createHash('sha256').update(content).digest('hex') }
}
