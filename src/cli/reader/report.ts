/** Signs and seals a report on the reader's machine. */
import { createHash } from 'node:crypto'
import { reportRecipientsAnswer, reportSentAnswer } from '../../protocol/http/reports.js'
import type { ReportSentAnswer } from '../../protocol/http/reports.js'
import { MAX_REPORT_BYTES, writeReportStatement } from '../../protocol/report.js'
import type { Agreement, ReportDocument, ReportStatus } from '../../protocol/report.js'
import { caseView } from '../../protocol/http/cases.js'
import { signDetached } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import { CommandError } from '../command-error.js'
import { retry } from '../retry.js'
import type { Sections } from './reporting/report-text.js'
import { aboutStudies, recipientsOf, sealSigned } from './seal-back.js'
import type { Reporting } from './seal-back.js'

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
  const message = await sealSigned(Buffer.from(JSON.stringify(document)), key, recipients)
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
  const signature = await signDetached(statement, key, new Date())
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
