/**
 * One upload that arrives once, whatever becomes of its answer. The client makes its key; when the
 * answer is lost, the gateway is asked what became of that key, and only what it has nothing of is
 * sent again, under the same key.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { knownUploadAnswer, uploadAnswer } from '../../protocol/http/transfers.js'
import type { UploadAnswer } from '../../protocol/http/transfers.js'
import { ConnectionError, GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { parseAnswer } from '../parse-answer.js'
import { retry } from '../retry.js'
import type { RetryOptions } from '../retry.js'

interface Work extends Pick<RetryOptions, 'onRetry' | 'firstWaitMs'> {
  readonly client: GatewayClient
}

/** A gateway that is still receiving, such as behind a proxy that buffers, is asked this often. */
const ASK_EVERY_MS = 2_000
const ASK_FOR_MS = 10 * 60_000

/**
 * @param send - answers what the gateway answered, parsed as JSON
 * @throws CommandError what the gateway refuses, `gateway_unreachable`, `answer_lost`
 */
export async function sendOnce(
  work: Work,
  send: (key: string) => Promise<unknown>,
): Promise<UploadAnswer> {
  const key = randomBytes(24).toString('base64url')
  let mayHaveArrived = false
  const signal = work.client.signal ?? new AbortController().signal
  return retry({ ...work, signal }, async () => {
    if (mayHaveArrived) {
      const answer = await askFor(work, key)
      if (answer) return answer
    }
    mayHaveArrived = true
    try {
      return parseAnswer(uploadAnswer, await send(key))
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'upload_under_way') throw error
      const answer = await askFor(work, key)
      if (answer) return answer
      throw error
    }
  })
}

/** Undefined when the gateway has nothing of it. Waits while it is being received. */
async function askFor(work: Work, key: string): Promise<UploadAnswer | undefined> {
  const { client, firstWaitMs } = work
  const every = Math.min(ASK_EVERY_MS, firstWaitMs ?? ASK_EVERY_MS)
  for (let waited = 0; waited < ASK_FOR_MS; waited += every) {
    const found = await find(client, key)
    if (found === undefined) return undefined
    if (found.answer !== undefined) return found.answer
    await sleep(every, undefined, client.signal && { signal: client.signal })
  }
  throw new ConnectionError(undefined, 'answer_lost')
}

async function find(client: GatewayClient, key: string) {
  try {
    return parseAnswer(knownUploadAnswer, await client.json({ path: `/v1/uploads/${key}` }))
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_found') return undefined
    throw error
  }
}
