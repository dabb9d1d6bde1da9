/** The answer to an upload, for every route that accepts one. */
import type { Response } from 'express'
import { NocturneError } from '../lib/errors.js'
import type { UploadAnswer } from '../transfer/index.js'
import type { Metrics } from './metrics.js'
import { sendProblem } from './problem.js'

/**
 * 201 when any item was taken; otherwise 422 with the same list, so that every part sent is
 * accounted for either way.
 */
export function answerUpload(
  response: Response,
  answer: Omit<UploadAnswer, 'receipt'> & Partial<UploadAnswer>,
  metrics: Metrics,
): void {
  for (const { outcome } of answer.items) metrics.item(outcome)
  const isTaken = answer.items.some(
    ({ outcome }) => outcome === 'accepted' || outcome === 'duplicate',
  )
  if (isTaken) {
    response.status(201).location(`/v1/transfers/${answer.id}`).json(answer)
    return
  }
  const { id, state, items, receipt } = answer
  sendProblem(response, new NocturneError('nothing_accepted'), {
    id,
    state,
    items: items.map((item) => ({ ...item })),
    ...(receipt !== undefined && { receipt }),
  })
}
