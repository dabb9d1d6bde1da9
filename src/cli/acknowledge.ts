import { signDetached } from '../seal/index.js'
import type { PrivateKey } from '../seal/index.js'
import { claimAnswer, parseAnswer, receiptAnswer, transferAnswer } from './answers.js'
import { GatewayError } from './client.js'
import type { GatewayClient } from './client.js'
import { retry } from './retry.js'

interface Work {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly key: PrivateKey
  readonly onRetry: () => void
}

/**
 * Tells the gateway, signed by the reader, what was opened. Answers the receipt; undefined when an earlier
 * attempt had arrived and its answer was lost.
 */
export async function acknowledge(
  work: Work,
  id: string,
  statement: string,
): Promise<string | undefined> {
  const signature = await signDetached(statement, work.key)
  let attempts = 0
  try {
    return await retry(work, async () => {
      attempts += 1
      const path = `/v1/transfers/${id}/acknowledge`
      const answer = await work.client.post(path, { statement, signature })
      return parseAnswer(receiptAnswer, answer).receipt
    })
  } catch (error) {
    if (attempts === 1 || !(error instanceof GatewayError)) throw error
    const found = await work.client.json({ path: `/v1/transfers/${id}` })
    if (parseAnswer(transferAnswer, found).state !== 'acknowledged') throw error
    return undefined
  }
}

/**
 * Claims the transfer for whoever the token belongs to, and answers their principal id: the statement must name
 * it, and no other answer of the gateway does. Undefined when the transfer was acknowledged before, which needs
 * no claim.
 *
 * A claim that is refused may be our own from before. Only its holder can release it, so releasing tells the two
 * apart without a look at another reader's transfer; should somebody else be quicker in between, they hold it.
 *
 * @throws GatewayError `already_claimed`, `not_found`, ...
 */
export async function takeClaim(client: GatewayClient, id: string): Promise<string | undefined> {
  const found = await client.json({ path: `/v1/transfers/${id}` })
  if (parseAnswer(transferAnswer, found).state === 'acknowledged') return undefined
  const claim = async () =>
    parseAnswer(claimAnswer, await client.post(`/v1/transfers/${id}/claim`)).claimedBy
  try {
    return await claim()
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'already_claimed') throw error
    try {
      await client.post(`/v1/transfers/${id}/release`)
    } catch {
      throw error
    }
    return claim()
  }
}
