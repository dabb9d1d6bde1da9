/** The reader's side of the readiness check. */
import { createHash } from 'node:crypto'
import { keyCheckAnswer, keyCheckedAnswer } from '../../protocol/http/gateway.js'
import type { KeyCheckAnswer, KeyCheckedAnswer } from '../../protocol/http/gateway.js'
import { answerToKeyCheck, MAX_CHECK_BYTES, readKeyCheck } from '../../protocol/key-check.js'
import { CLOCK_ALLOWANCE_MS } from '../../protocol/clock.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import { signDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { about, CommandError } from '../command-error.js'
import { once } from '../local-write.js'

/**
 * Opens the gateway's text and answers with its digest. A message with any other content, or that
 * names another gateway than the one contacted, is not answered: it may be a patient's study.
 *
 * @throws CommandError `not_sealed_to_key` when the gateway seals to another key of this reader;
 *   `key_cannot_sign`, `key_check_signature`
 */
export async function checkKey(
  client: GatewayClient,
  gateway: string,
  key: PrivateKey,
): Promise<KeyCheckedAnswer> {
  const asked = parseAnswer(keyCheckAnswer, await client.post('/v1/key-check'))
  const check = readKeyCheck(await open(Buffer.from(asked.message, 'base64'), asked, key))
  const { origin } = new URL(gateway)
  if (check?.origin !== origin || check.principal !== asked.principal || !isNow(check.expiresAt))
    throw new CommandError('the gateway sent something other than a key check', {
      code: 'challenge_invalid',
      hint: "give --gateway exactly as the address in the gateway's own configuration, and check the clocks of both machines; nothing was answered",
    })
  const text = answerToKeyCheck(check)
  // Sign-in, acknowledgements and reports need signatures that the gateway accepts.
  const signature = await signDetached(text, key, new Date())
  const answer = {
    id: asked.id,
    answer: createHash('sha256').update(text).digest('hex'),
    signature,
  }
  return parseAnswer(keyCheckedAnswer, await client.post('/v1/key-check/answer', answer))
}

const MAX_AHEAD_MS = 60 * 60_000

const isNow = (expiresAt: number): boolean =>
  expiresAt > Date.now() - CLOCK_ALLOWANCE_MS && expiresAt < Date.now() + MAX_AHEAD_MS

async function open(
  sealed: Buffer,
  { fingerprint, principal }: KeyCheckAnswer,
  key: PrivateKey,
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const options = { ciphers: nodeCiphers, maxContentBytes: MAX_CHECK_BYTES }
  try {
    for await (const piece of openMessage(once(sealed), [key], options)) pieces.push(piece)
  } catch (error) {
    if (fingerprint === key.fingerprint) throw about('the check', error)
    throw new CommandError(`the gateway seals to another key of ${principal}`, {
      code: 'not_sealed_to_key',
      hint: `give the key ${fingerprint.slice(0, 64)}, to which it seals, or give the operator your new certificate`,
      cause: error,
    })
  }
  return Buffer.concat(pieces)
}
