import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { bodyOf } from './download.js'
import { writeWhole } from '../local-write.js'
import { mismatch } from './manifest.js'
import type { Manifest } from '../../protocol/manifest.js'
import { retry } from '../retry.js'

interface Work {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly onRetry: () => void
}

/** Room for about twenty downloads of an item, begun and ended, with a proof each. */
const MAX_RECEIPT_BYTES = 64 * 1024
/** Room for the manifest, claims and refusals. */
const OTHER_RECEIPTS = 16

/**
 * Fetches the events about what the reader did with the transfer, each with its proof. By now the
 * images are there and acknowledged: a gateway that no longer answers does not delay the reading.
 */
export async function fetchReceipts(
  work: Work,
  manifest: Manifest,
  target: string,
): Promise<boolean> {
  const most = MAX_RECEIPT_BYTES * (manifest.items.length + OTHER_RECEIPTS)
  try {
    await retry(work, async () => {
      const answer = await work.client.open({ path: `/v1/transfers/${manifest.transfer}/receipts` })
      await writeWhole(target, bounded(bodyOf(answer), most))
    })
    return true
  } catch (error) {
    if (error instanceof CommandError && !work.signal.aborted) return false
    throw error
  }
}

async function* bounded(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > most) throw mismatch('the receipts')
    yield chunk
  }
}
