/** Signs and seals a report on the reader's machine. */
import { reportRecipientsAnswer, reportSentAnswer } from '../../protocol/http/reports.js'
import type { ReportSentAnswer } from '../../protocol/http/reports.js'
import { MAX_REPORT_BYTES } from '../../protocol/report.js'
import { caseView } from '../../protocol/http/cases.js'
import { composeReport } from '../../reports/browser.js'
import type { WrittenReport } from '../../reports/browser.js'
import { signDetached } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import { CommandError } from '../command-error.js'
import { retry } from '../retry.js'
import { aboutStudies, recipientsOf, sealSigned } from './seal-back.js'
import type { Reporting } from './seal-back.js'

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
  const about = await aboutStudies(
    work,
    view.transfers.map(({ id }) => id),
  )
  const { gateway, case: id, code, part } = found
  const recipients = await recipientsOf(found)
  const { statement, signature, message } = await composeReport(
    {
      seal: (content) => sealSigned(Buffer.from(content), key, recipients),
      sign: (text) => signDetached(text, key, new Date()),
    },
    {
      ...{ gateway, case: id, code, reader, about, signedAt: new Date().toISOString() },
      ...(part && { part }),
    },
    written,
  )
  if (message.length > MAX_REPORT_BYTES)
    throw new CommandError('the report is too large', {
      code: 'report_too_large',
      hint: 'attach less; send images as a study',
    })
  // Repeating this is safe: the same message is one report.
  const answer = await retry(work, () =>
    client.post(`/v1/cases/${id}/reports`, {
      ...{ statement, signature, message: Buffer.from(message).toString('base64') },
    }),
  )
  return {
    answer: parseAnswer(reportSentAnswer, answer),
    sealedTo: recipients.map(({ id, fingerprint }) => ({ id, fingerprint })),
  }
}
