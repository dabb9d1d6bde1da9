import { sealerAnswer } from '../../protocol/sealing/http.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { inboxAnswer } from '../../protocol/http/transfers.js'
import { parseAnswer } from '../parse-answer.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { checkSealer } from '../trust/trust.js'
import type { Trust } from '../trust/trust.js'
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
  /** Who else may have signed: the edge that sealed the transfer. Without it, nobody. */
  readonly edgeOf?: EdgeOf
}

/** The edge that the ledger names; undefined when the gateway sealed the transfer. */
export type EdgeOf = (transfer: string) => Promise<TransferEdge | undefined>

export interface TransferEdge {
  readonly certificate: string
  readonly fingerprint: string
  /** SHA-256 of the manifest that the ledger names. */
  readonly manifest: string
}

/** Asks the gateway, and verifies the answer with the pinned ledger. */
export const edgesOf =
  (client: GatewayClient, trust: Pick<Trust, 'checkSealer'>): EdgeOf =>
  async (transfer) => {
    const answer = await client
      .json({ path: `/v1/transfers/${transfer}/sealer` })
      .catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === 'not_found') return undefined
        throw error
      })
    if (answer === undefined) return undefined
    const sealer = parseAnswer(sealerAnswer, answer)
    const manifest = await trust.checkSealer(sealer, transfer)
    return { certificate: sealer.certificate, fingerprint: sealer.fingerprint, manifest }
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
  const { name, certificate, formerCertificates, ledgerKey } = parseAnswer(
    gatewayAnswer,
    await client.json({ path: '/v1/gateway' }),
  )
  if (pinnedFiles.length > 0) return { name, signers: await readSigners(pinnedFiles) }
  const former = formerCertificates.map(({ certificate: before, until }) => ({
    certificate: before,
    until: new Date(until),
  }))
  const edgeOf = edgesOf(client, {
    checkSealer: (sealer, transfer) => checkSealer(ledgerKey, sealer, transfer),
  })
  return { name, signers: [{ certificate }, ...former], edgeOf }
}
