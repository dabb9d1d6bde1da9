/** Studies that wait at a gateway until a person names their group. */
import type * as z from 'zod/mini'
import { assignedAnswer, waitingAnswer } from '../../protocol/http/intake.js'
import type { Priority } from '../../protocol/priority.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { parseAnswer } from '../parse-answer.js'

export type WaitingAnswer = z.infer<typeof waitingAnswer>
export type AssignedAnswer = z.infer<typeof assignedAnswer>

export const readWaiting = async (client: GatewayClient): Promise<WaitingAnswer> =>
  parseAnswer(waitingAnswer, await client.json({ path: '/v1/intake/waiting' }))

/** Nothing for a role that may not ask. */
export const readWaitingIfAllowed = (client: GatewayClient): Promise<WaitingAnswer['studies']> =>
  readWaiting(client).then(
    ({ studies }) => studies,
    (error: unknown) => {
      if (error instanceof CommandError && error.code === 'forbidden') return []
      throw error
    },
  )

export async function assign(
  client: GatewayClient,
  transfer: string,
  { group, priority }: { readonly group: string; readonly priority?: Priority },
): Promise<AssignedAnswer> {
  const path = `/v1/intake/waiting/${encodeURIComponent(transfer)}/assign`
  const wanted = { group, ...(priority !== undefined && { priority }) }
  return parseAnswer(assignedAnswer, await client.post(path, wanted))
}
