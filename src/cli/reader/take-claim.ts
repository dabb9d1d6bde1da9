import { parseAnswer } from '../parse-answer.js'
import { sessionAnswer } from '../../protocol/http/gateway.js'
import { transferAnswer } from '../../protocol/http/transfers.js'
import { signDetached } from '../../seal/keys/index.js'
import type { GatewayClient } from '../client.js'
import { claimCase } from './claim.js'
import type { Claiming } from './claim.js'

export interface TakenClaim {
  /**
   * The reader that the acknowledgement must name; undefined for a transfer that was acknowledged
   * earlier, which needs no claim.
   */
  readonly reader: string | undefined
  /** The transfer's sealed manifest, if the proof needed it. */
  readonly manifest: Buffer | undefined
}

export const whoAmI = async (client: GatewayClient): Promise<string> =>
  parseAnswer(sessionAnswer, await client.json({ path: '/v1/session' })).principal

/**
 * Claims the case of the transfer unless the caller already holds it.
 * @throws GatewayError `already_claimed`, `not_found`, ...
 */
export async function takeClaim(
  work: Omit<Claiming, 'reader' | 'override'>,
  id: string,
): Promise<TakenClaim> {
  const { client } = work
  const reader = await whoAmI(client)
  const found = await client.json({ path: `/v1/transfers/${id}` })
  const { state, claimedBy } = parseAnswer(transferAnswer, found)
  if (state === 'acknowledged') return { reader: undefined, manifest: undefined }
  if (claimedBy === reader) return { reader, manifest: undefined }
  // A reader that cannot sign cannot acknowledge either, and would block the case for nothing.
  await signDetached(id, work.key, new Date())
  const claimed = await claimCase({ ...work, reader }, id)
  return { reader, manifest: claimed.transfer === id ? claimed.manifest : undefined }
}
