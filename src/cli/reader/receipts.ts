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

/** Some twenty downloads of one item, begun and ended, with a proof each. */
const MAX_RECEIPT_BYTES = 64 * 1024
/** Of the manifest, of claims, and of what was refused. */
const OTHER_RECEIPTS = 16

/**
 * What the reader did with the transfer, each event with its proof. The images are there and
 * acknowledged by now: a gateway that does not answer any more stops no reading.
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
