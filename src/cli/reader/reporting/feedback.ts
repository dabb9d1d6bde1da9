/** Feedback on reports: sealed to the author on the giver's machine, opened on the author's. */
import {
  feedbackAnswer,
  feedbackListAnswer,
  feedbackRecipientsAnswer,
} from '../../../protocol/http/feedback.js'
import type { FeedbackAnswer, FeedbackView } from '../../../protocol/http/feedback.js'
import { feedbackDocument } from '../../../protocol/feedback.js'
import type { FeedbackDocument, FeedbackScore } from '../../../protocol/feedback.js'
import { reportsAnswer } from '../../../protocol/http/reports.js'
import type { PrivateKey } from '../../../seal/keys/index.js'
import { parseAnswer } from '../../parse-answer.js'
import type { GatewayClient } from '../../client.js'
import { CommandError } from '../../command-error.js'
import { fetchToMemory } from '../download.js'
import { documentIn, openSigned, recipientsOf, sealSigned } from '../seal-back.js'
import type { OpeningWork } from '../seal-back.js'
import { whoAmI } from '../take-claim.js'

export interface Review {
  readonly text: string
  readonly score: FeedbackScore | undefined
}

/** A message of 64 KiB of text, sealed. */
const MAX_SEALED = 90_000

/**
 * @param name the ID of a report, or the code or ID of a case: then its newest report
 * @throws CommandError `not_found`, `recipient_unusable`; errors of the gateway
 */
export async function giveFeedback(
  client: GatewayClient,
  key: PrivateKey,
  name: string,
  { text, score }: Review,
): Promise<FeedbackAnswer> {
  const giver = await whoAmI(client)
  const { reports } = parseAnswer(reportsAnswer, await client.json({ path: '/v1/reports' }))
  const report = reports.findLast((one) => [one.id, one.code, one.case].includes(name))
  if (!report)
    throw new CommandError(`there is no report on ${name} that you can see`, {
      code: 'not_found',
      hint: 'list them with `nocturne reports list`',
    })
  const path = `/v1/reports/${report.id}/feedback`
  const found = parseAnswer(
    feedbackRecipientsAnswer,
    await client.json({ path: `${path}-recipients` }),
  )
  const document: FeedbackDocument = {
    ...{ v: 1, type: 'nocturne-feedback', gateway: found.gateway, report: report.id, giver, text },
    ...(score !== undefined && { score }),
    signedAt: new Date().toISOString(),
  }
  const content = Buffer.from(JSON.stringify(document))
  const message = await sealSigned(content, key, await recipientsOf(found))
  const answer = await client.post(path, { message: message.toString('base64') })
  return parseAnswer(feedbackAnswer, answer)
}

export async function listFeedback(client: GatewayClient): Promise<readonly FeedbackView[]> {
  return parseAnswer(feedbackListAnswer, await client.json({ path: '/v1/feedback' })).feedback
}

/**
 * Opens feedback on one's own report.
 *
 * @throws CommandError `not_found`, `cannot_open`; `feedback_invalid` if its giver did not sign it
 */
export async function openFeedback(
  work: OpeningWork,
  id: string,
): Promise<{ readonly view: FeedbackView; readonly document: FeedbackDocument }> {
  const view = (await listFeedback(work.client)).find((one) => one.id === id)
  if (!view)
    throw new CommandError(`there is no feedback ${id} for you`, {
      code: 'not_found',
      hint: 'list it with `nocturne feedback list`',
    })
  const sealed = await fetchToMemory({
    ...work,
    path: `/v1/feedback/${id}/message`,
    what: 'the sealed feedback',
    size: MAX_SEALED,
    onBytes: () => undefined,
  })
  const what = `the feedback of ${view.giver}`
  const content = await openSigned(sealed, work.keys, view.certificate, what)
  const document = documentIn(content, feedbackDocument)
  const isSame =
    document?.report === view.report &&
    document.giver === view.giver &&
    document.gateway === work.gateway
  if (!isSame)
    throw new CommandError(`the feedback on ${view.code} is not what ${view.giver} signed`, {
      code: 'feedback_invalid',
      hint: 'do not use it; tell the operator',
    })
  return { view, document }
}
