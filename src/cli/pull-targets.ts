import { gatewayAnswer, inboxAnswer, parseAnswer } from './answers.js'
import type { GatewayAnswer } from './answers.js'
import type { GatewayClient } from './client.js'
import { readSmallText } from './secret-file.js'

/** The one transfer that was named, or the whole inbox in its order. */
export async function listTargets(
  client: GatewayClient,
  id: string | undefined,
): Promise<readonly string[]> {
  if (id !== undefined) return [id]
  const inbox = parseAnswer(inboxAnswer, await client.json({ path: '/v1/inbox' }))
  return inbox.transfers.map((transfer) => transfer.id)
}

/** The gateway's name, and the certificate its manifests must be signed with: the one pinned in a file, else as served. */
export async function readGateway(
  client: GatewayClient,
  pinnedFile: string | undefined,
): Promise<Pick<GatewayAnswer, 'name' | 'certificate'>> {
  const { name, certificate } = parseAnswer(
    gatewayAnswer,
    await client.json({ path: '/v1/gateway' }),
  )
  if (pinnedFile === undefined) return { name, certificate }
  return { name, certificate: await readSmallText(pinnedFile) }
}
