import { signDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import { changedAnswer, transferAnswer } from '../../protocol/http/transfers.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { retry } from '../retry.js'

interface Work {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly key: PrivateKey
  readonly onRetry: () => void
}

/**
 * Sends the gateway the reader's signed statement of what was opened. Returns the receipt;
 * undefined when an earlier attempt arrived but its answer was lost.
 */
export async function acknowledge(
  work: Work,
  id: string,
  statement: string,
): Promise<string | undefined> {
  const signature = await signDetached(statement, work.key, new Date())
  let attempts = 0
  try {
    return await retry(work, async () => {
      attempts += 1
      const path = `/v1/transfers/${id}/acknowledge`
      const answer = await work.client.post(path, { statement, signature })
      return parseAnswer(changedAnswer, answer).receipt
    })
  } catch (error) {
    if (attempts === 1 || !(error instanceof GatewayError)) throw error
    const found = await work.client.json({ path: `/v1/transfers/${id}` })
    if (parseAnswer(transferAnswer, found).state !== 'acknowledged') throw error
    return undefined
  }
}
