import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { inboxAnswer } from '../../protocol/http/transfers.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import type { Signer } from '../../seal/open/index.js'
import { readSmallText } from '../secret-file.js'

/** The transfer that was named, or the whole inbox in order. */
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
  /** One of these must have signed the manifest while its key was valid. */
  readonly signers: readonly Signer[]
}

/** Certificates given by the user. */
export const readSigners = (files: readonly string[]): Promise<Signer[]> =>
  Promise.all(files.map(async (file) => ({ certificate: await readSmallText(file) })))

/**
 * The gateway's name, and the certificates that may have signed its manifests: those pinned in
 * files, otherwise those served.
 */
export async function readGateway(
  client: GatewayClient,
  pinnedFiles: readonly string[],
): Promise<TrustedGateway> {
  const { name, certificate, formerCertificates } = parseAnswer(
    gatewayAnswer,
    await client.json({ path: '/v1/gateway' }),
  )
  if (pinnedFiles.length > 0) return { name, signers: await readSigners(pinnedFiles) }
  const former = formerCertificates.map(({ certificate: before, until }) => ({
    certificate: before,
    until: new Date(until),
  }))
  return { name, signers: [{ certificate }, ...former] }
}
