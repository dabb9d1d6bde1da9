import { gatewayAnswer, inboxAnswer, parseAnswer } from './answers.js'
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

export interface TrustedGateway {
  readonly name: string
  /** One of these signed a manifest, while its key was good. */
  readonly certificates: readonly string[]
}

/** The gateway's name, and the certificates its manifests must be signed with: those pinned in files, else as served. */
export async function readGateway(
  client: GatewayClient,
  pinnedFiles: readonly string[],
): Promise<TrustedGateway> {
  const { name, certificate, formerCertificates } = parseAnswer(
    gatewayAnswer,
    await client.json({ path: '/v1/gateway' }),
  )
  const pinned = await Promise.all(pinnedFiles.map((file) => readSmallText(file)))
  return { name, certificates: pinned.length > 0 ? pinned : [certificate, ...formerCertificates] }
}
