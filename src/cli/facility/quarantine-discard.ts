/** Discarding held items with one signed statement. */
import { MOST_DECIDED } from '../../protocol/words.js'
import { writeDiscard } from '../../protocol/discard-statement.js'
import type { DiscardReason } from '../../protocol/discard-statement.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { receiptAnswer } from '../../protocol/http/facility.js'
import type { HeldItem } from '../../protocol/http/facility.js'
import { signDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { parseAnswer } from '../parse-answer.js'

export interface Signer {
  /** The person, if the facility names its people; otherwise the key is the facility's. */
  readonly by: string | undefined
  readonly key: PrivateKey
}

/**
 * All of the items, or none.
 * @throws CommandError `too_many_items`, and what the gateway refuses
 */
export async function discardSigned(
  client: GatewayClient,
  items: readonly HeldItem[],
  reason: DiscardReason,
  { by, key }: Signer,
): Promise<{ readonly receipt: string }> {
  if (items.length > MOST_DECIDED)
    throw new CommandError(`more than ${String(MOST_DECIDED)} items are held`, {
      code: 'too_many_items',
      hint: 'discard them in parts with --only 1 2 3',
    })
  const [{ facility, transfer } = { facility: '', transfer: '' }] = items
  const { name } = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const statement = writeDiscard({
    gateway: name,
    facility,
    ...(by !== undefined && { by }),
    items: items.map((one) => ({ transfer: one.transfer, item: one.item })),
    reason,
    signedAt: new Date().toISOString(),
  })
  const signature = await signDetached(statement, key, new Date())
  const path = `/v1/transfers/${transfer}/quarantine/discard`
  return parseAnswer(receiptAnswer, await client.post(path, { statement, signature }))
}
