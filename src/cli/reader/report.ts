/** Signs and seals a report on the reader's machine. */
import { createHash } from 'node:crypto'
import { reportRecipientsAnswer, reportSentAnswer } from '../../protocol/http/reports.js'
import type { ReportRecipientsAnswer, ReportSentAnswer } from '../../protocol/http/reports.js'
import { MAX_REPORT_BYTES, writeReportStatement } from '../../protocol/report.js'
import type { Agreement, ReportDocument, ReportStatus } from '../../protocol/report.js'
import { caseView } from '../../protocol/http/cases.js'
import { newEnvelope } from '../../seal/index.js'
import { signDetached, toRecipient } from '../../seal/keys/index.js'
import type { PrivateKey, Recipient } from '../../seal/keys/index.js'
import { openSignedMessage } from '../../seal/open/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { about, CommandError } from '../command-error.js'
import { retry } from '../retry.js'
import { fetchToMemory } from './download.js'
import { MAX_MANIFEST_BYTES, parseManifest } from './manifest.js'
import type { TrustedGateway } from './pull-targets.js'
import type { Sections } from './report-text.js'

export interface Reporting {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly key: PrivateKey
  readonly gateway: TrustedGateway
  readonly reader: string
  readonly onRetry: () => void
}

export interface WrittenReport {
  readonly status: ReportStatus
  readonly agreement: Agreement | undefined
  readonly authorName: string | undefined
  readonly sections: Sections
  readonly attachments: ReportDocument['attachments']
}

export interface Reported {
  readonly answer: ReportSentAnswer
  readonly sealedTo: readonly { readonly id: string; readonly fingerprint: string }[]
}

/**
 * The document names the studies by the pseudonyms in the manifests, so that the facility can
 * restore them with its crosswalk.
 *
 * @throws CommandError `cannot_open` for a key that does not open the case; `report_too_large`; and
 *   errors of the gateway
 */
export async function sendReport(
  work: Reporting,
  name: string,
  written: WrittenReport,
): Promise<Reported> {
  const { client, key, reader } = work
  const found = parseAnswer(
    reportRecipientsAnswer,
    await client.json({ path: `/v1/cases/${name}/report-recipients` }),
  )
  const view = parseAnswer(caseView, await client.json({ path: `/v1/cases/${name}` }))
  const studies = await aboutStudies(
    work,
    view.transfers.map(({ id }) => id),
  )
  const signedAt = new Date().toISOString()
  const { status, agreement, authorName, sections, attachments } = written
  const common = { gateway: found.gateway, case: found.case, status, author: reader, signedAt }
  const document: ReportDocument = {
    ...{ v: 1, type: 'nocturne-report', code: found.code, sections, attachments },
    ...common,
    ...studies,
    ...(authorName !== undefined && { authorName }),
    ...(agreement !== undefined && { agreement }),
  }
  const recipients = await recipientsOf(found)
  const message = await seal(Buffer.from(JSON.stringify(document)), key, recipients)
  if (message.length > MAX_REPORT_BYTES)
    throw new CommandError('the report is too large', {
      code: 'report_too_large',
      hint: 'attach less; send images as a study',
    })
  const statement = writeReportStatement({
    ...common,
    sha256: createHash('sha256').update(message).digest('hex'),
    ...(agreement !== undefined && { agreement }),
  })
  const signature = await signDetached(statement, key)
  // Repeating this is safe: the same message is one report.
  const answer = await retry(work, () =>
    client.post(`/v1/cases/${found.case}/reports`, {
      ...{ statement, signature, message: message.toString('base64') },
    }),
  )
  return {
    answer: parseAnswer(reportSentAnswer, answer),
    sealedTo: recipients.map(({ id, fingerprint }) => ({ id, fingerprint })),
  }
}

/** @throws CommandError `recipient_unusable`: the facility could not open the report */
async function recipientsOf({ recipients }: ReportRecipientsAnswer): Promise<readonly Recipient[]> {
  const usable: Recipient[] = []
  for (const { id, certificate, fingerprint } of recipients) {
    const recipient = await toRecipient(id, certificate).catch((error: unknown) => {
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

async function seal(
  content: Buffer,
  key: PrivateKey,
  recipients: readonly Recipient[],
): Promise<Buffer> {
  const envelope = await newEnvelope(recipients)
  try {
    const { bytes } = await envelope.sealSigned(content, key)
    const data: Buffer[] = []
    for await (const piece of bytes) data.push(piece)
    return Buffer.concat([...envelope.keyPackets.map(({ packet }) => packet), ...data])
  } finally {
    envelope.close()
  }
}

/** Studies and modalities, from the manifests; opening these proves that the key fits the case. */
async function aboutStudies(
  work: Reporting,
  transfers: readonly string[],
): Promise<Pick<ReportDocument, 'studies' | 'modality'>> {
  const studies = new Set<string>()
  const modalities = new Set<string>()
  for (const transfer of transfers) {
    const manifest = await manifestOf(work, transfer)
    for (const { study, modality } of manifest.items) {
      if (study !== undefined) studies.add(study)
      if (modality !== undefined) modalities.add(modality)
    }
  }
  const modality = [...modalities].sort().join(',').slice(0, 64)
  return { studies: [...studies].slice(0, 100), ...(modality !== '' && { modality }) }
}

async function manifestOf(work: Reporting, transfer: string) {
  const sealed = await fetchToMemory({
    ...work,
    path: `/v1/transfers/${transfer}/manifest`,
    what: 'the manifest',
    size: MAX_MANIFEST_BYTES,
    onBytes: () => undefined,
  })
  try {
    const { content } = await openSignedMessage(sealed, [work.key], work.gateway.signers)
    return parseManifest(content, transfer, work.gateway.name)
  } catch (error) {
    throw about('the manifest', error)
  }
}
