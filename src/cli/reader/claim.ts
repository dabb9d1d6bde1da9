/** Claims a case with the proof that the given key opens it. */
import { challengeAnswer, claimedAnswer } from '../../protocol/http/cases.js'
import type { ChallengeAnswer, ClaimedAnswer } from '../../protocol/http/cases.js'
import { claimStatement } from '../../protocol/claim.js'
import type { OverrideReason } from '../../protocol/case-requests.js'
import { proveOpening } from '../../seal/proof/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { about } from '../command-error.js'
import { fetchManifest } from './download.js'
import { answerSealed } from './sealed-challenge.js'

export interface Claiming {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly gateway: string
  readonly reader: string
  readonly key: PrivateKey
  readonly override?: OverrideReason
  readonly onRetry: () => void
}

export interface Claimed {
  readonly answer: ClaimedAnswer
  /**
   * The sealed manifest used for the proof, and its transfer: it need not be fetched again.
   */
  readonly transfer: string
  readonly manifest: Buffer
}

/**
 * Requests a challenge, fetches the manifest that it names, and signs with the key derived from its
 * session key. If the given key does not open the manifest, nothing is claimed and nobody is held
 * up.
 *
 * @throws CommandError `cannot_open`; GatewayError `already_claimed` and other refusals
 */
export async function claimCase(work: Claiming, name: string): Promise<Claimed> {
  const { client, gateway, reader, key, override } = work
  const path = `/v1/cases/${name}/claim`
  const challenge = await challengeOf(client, path)
  const { transfer } = challenge
  const manifest = await fetchManifest(work, transfer)
  const { nonce, case: inCase } = challenge
  const statement = { gateway, case: inCase, transfer, reader, nonce }
  const proof =
    challenge.isAnswerOnly === true
      ? await answerSealed(challenge, statement, [], key)
      : { nonce, signature: await signed(manifest, key, claimStatement(statement)) }
  const body = { ...proof, ...(override !== undefined && { override }) }
  return { answer: parseAnswer(claimedAnswer, await client.post(path, body)), transfer, manifest }
}

const signed = (manifest: Buffer, key: PrivateKey, text: string): Promise<string> =>
  proveOpening(manifest, key, text).catch((error: unknown) => {
    throw about('the manifest', error)
  })

/** The gateway's answer to a claim without proof. */
async function challengeOf(client: GatewayClient, path: string): Promise<ChallengeAnswer> {
  try {
    return parseAnswer(challengeAnswer, await client.post(path))
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'claim_unproven') throw error
    return parseAnswer(challengeAnswer, error.answer.challenge)
  }
}
