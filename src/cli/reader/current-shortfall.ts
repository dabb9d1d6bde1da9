/** What a transfer still lacks: items held when it was sent may have been released since. */
import { transferAnswer } from '../../protocol/http/transfers.js'
import type { Shortfall } from '../../protocol/outcomes.js'
import type { GatewayClient } from '../client.js'
import { parseAnswer } from '../parse-answer.js'

export interface CurrentShortfall {
  /** Undefined when everything has arrived, here or in a following transfer of the case. */
  readonly shortfall: Shortfall | undefined
  /** How many of the held items a following transfer of the case holds. */
  readonly released: number
}

/**
 * Takes the signed manifest's word for what was lacking, and the gateway's for what was released:
 * the inbox offers it as a transfer of its own, with a signed manifest.
 */
export async function currentShortfall(
  client: GatewayClient,
  id: string,
  signed: Shortfall,
): Promise<CurrentShortfall> {
  if (signed.held === 0) return { shortfall: signed, released: 0 }
  const found = parseAnswer(transferAnswer, await client.json({ path: `/v1/transfers/${id}` }))
  const held = Math.min(signed.held, found.held ?? signed.held)
  const left = { ...signed, held }
  const isWhole = held + signed.refused + signed.missing === 0
  return { shortfall: isWhole ? undefined : left, released: signed.held - held }
}
