/** Seals, and opens, what readers and facilities send each other about a case. */
import type { ReportRecipientsAnswer } from '../../protocol/http/reports.js'
import type { Manifest } from '../../protocol/manifest.js'
import { aboutStudies as aboutManifests } from '../../protocol/report.js'
import type { ReportDocument } from '../../protocol/report.js'
import { newEnvelope } from '../../seal/index.js'
import { toRecipient } from '../../seal/keys/index.js'
import type { PrivateKey, Recipient } from '../../seal/keys/index.js'
import { openSignedMessage } from '../../seal/open/index.js'
import type { GatewayClient } from '../client.js'
import { about, CommandError } from '../command-error.js'
import { fetchManifest } from './download.js'
import type { TrustedGateway } from './pull-targets.js'
import { openManifest } from './opened/signed-manifest.js'

/** For opening what came back, and answering it. */
export interface OpeningWork {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  /** Name of the gateway, which every statement contains. */
  readonly gateway: string
  /** The first one signs. */
  readonly keys: readonly [PrivateKey, ...PrivateKey[]]
  readonly onRetry: () => void
}

export interface Reporting {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly key: PrivateKey
  readonly gateway: TrustedGateway
  readonly reader: string
  readonly onRetry: () => void
}

/** @throws CommandError `recipient_unusable`: a recipient could not open it */
export async function recipientsOf({
  recipients,
}: Pick<ReportRecipientsAnswer, 'recipients'>): Promise<readonly Recipient[]> {
  const usable: Recipient[] = []
  for (const { id, certificate, fingerprint } of recipients) {
    const recipient = await toRecipient(id, certificate, new Date()).catch((error: unknown) => {
      throw about(id, error)
    })
    if (recipient.fingerprint !== fingerprint)
      throw new CommandError(
        `the gateway names another fingerprint than the certificate of ${id} has`,
        {
          code: 'recipient_unusable',
          hint: 'do not send; tell the operator',
        },
      )
    usable.push(recipient)
  }
  return usable
}

export async function sealSigned(
  content: Buffer,
  key: PrivateKey,
  recipients: readonly Recipient[],
): Promise<Buffer> {
  const envelope = await newEnvelope(recipients, new Date())
  try {
    const { bytes } = await envelope.sealSigned(content, key, new Date())
    const data: Buffer[] = []
    for await (const piece of bytes) data.push(piece)
    return Buffer.concat([...envelope.keyPackets.map(({ packet }) => packet), ...data])
  } finally {
    envelope.close()
  }
}

/**
 * Opens a message that must be signed with this certificate.
 *
 * @param what names the message in the error.
 * @throws CommandError `cannot_open`, and others of the key and the message
 */
export async function openSigned(
  sealed: Buffer,
  keys: OpeningWork['keys'],
  certificate: string,
  what: string,
): Promise<Buffer> {
  try {
    const { content } = await openSignedMessage(sealed, keys, [{ certificate }], new Date())
    return Buffer.from(content)
  } catch (error) {
    throw about(what, error)
  }
}

/** The document in what was opened; undefined if it is anything else. */
export function documentIn<T>(
  content: Buffer,
  schema: { safeParse(value: unknown): { readonly data?: T | undefined } },
): T | undefined {
  try {
    return schema.safeParse(JSON.parse(content.toString('utf8'))).data
  } catch {
    return undefined
  }
}

/** Studies and modalities, from the manifests; opening these proves that the key fits the case. */
export async function aboutStudies(
  work: Reporting,
  transfers: readonly string[],
): Promise<Pick<ReportDocument, 'studies' | 'modality'>> {
  const manifests: Manifest[] = []
  for (const transfer of transfers) manifests.push(await manifestOf(work, transfer))
  return aboutManifests(manifests)
}

async function manifestOf(work: Reporting, transfer: string) {
  const sealed = await fetchManifest(work, transfer)
  return (await openManifest(sealed, work.key, work.gateway, transfer)).manifest
}
