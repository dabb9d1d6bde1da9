/** Which transfers this reader works on, and which of those opened may stay on this machine. */
import { casesAnswer } from '../../../protocol/http/cases.js'
import type { GatewayClient } from '../../client.js'
import { parseAnswer } from '../../parse-answer.js'
import { whoAmI } from '../take-claim.js'

export interface Mine {
  /** Transfers of open cases that this reader has claimed. */
  readonly claimed: ReadonlySet<string>
  /**
   * Those, and transfers of open cases that nobody has claimed: an expired claim ends no reading.
   */
  readonly mayStay: ReadonlySet<string>
}

export async function mineOf(client: GatewayClient): Promise<Mine> {
  const reader = await whoAmI(client)
  const { cases } = parseAnswer(casesAnswer, await client.json({ path: '/v1/cases' }))
  const open = cases.filter(({ closedAt }) => closedAt === undefined)
  const idsOf = (some: typeof open) =>
    new Set(some.flatMap(({ transfers }) => transfers.map(({ id }) => id)))
  return {
    claimed: idsOf(open.filter(({ claimedBy }) => claimedBy === reader)),
    mayStay: idsOf(open.filter(({ claimedBy }) => claimedBy === undefined || claimedBy === reader)),
  }
}
