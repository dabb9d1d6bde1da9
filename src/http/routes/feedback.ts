/** Feedback on reports, sealed to their authors. */
import { Router, json } from 'express'
import type { Directory } from '../../directory/index.js'
import { NocturneError } from '../../lib/errors.js'
import type { Ledger } from '../../ledger/log/index.js'
import { newFeedback } from '../../protocol/http/feedback.js'
import type { FeedbackView } from '../../protocol/http/feedback.js'
import {
  findFeedback,
  giveFeedback,
  listFeedback,
  readFeedback,
} from '../../reports/feedback/index.js'
import type { State } from '../../state/index.js'
import type { FeedbackTable } from '../../state/reports/index.js'
import { parseBody } from '../parse.js'
import { admit } from '../request.js'
import { admitToReport } from './reports.js'
import type { ReportRouteRooms } from './reports.js'

export interface FeedbackRouteRooms extends ReportRouteRooms {
  readonly directory: Pick<Directory, 'principal' | 'recipient'>
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'record' | 'proof'>
  readonly site: { readonly config: { readonly gateway: { readonly name: string } } }
  readonly now: () => number
}

export function feedbackRoutes(rooms: FeedbackRouteRooms): Router {
  const { gatekeeper, directory } = rooms
  const router = Router()

  router.get('/reports/:id/feedback-recipients', async (request, response) => {
    const { asker, report } = await admitToReport(rooms, request, 'feedback.give')
    const { author } = report
    if (author === asker.session.principal.id) throw new NocturneError('feedback_own')
    const { fingerprint } = await directory.recipient(author)
    const certificate = directory.principal(author)?.certificate ?? ''
    response.json({
      gateway: rooms.site.config.gateway.name,
      recipients: [{ id: author, fingerprint, certificate }],
    })
  })

  router.post('/reports/:id/feedback', json({ limit: '128kb' }), async (request, response) => {
    const { asker, report } = await admitToReport(rooms, request, 'feedback.give')
    const { id, certificate } = asker.session.principal
    const { message } = parseBody(newFeedback, request)
    const giver = { id, certificate, message, actor: asker.actor }
    const { row, receipt } = await giveFeedback(rooms, giver, report)
    const isRepeated = receipt === undefined
    response.status(isRepeated ? 200 : 201).json({
      feedback: viewOf(row),
      isRepeated,
      ...(receipt !== undefined && { receipt }),
    })
  })

  router.get('/feedback', async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'feedback.list')
    const rows = await listFeedback(rooms, session.principal.id)
    const sound = await rooms.signers.sift('report_feedback', rows, ({ giver }) => giver)
    response.json({ feedback: sound.map(viewOf) })
  })

  router.get('/feedback/:id/message', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'feedback.list')
    const row = await findFeedback(rooms, request.params.id)
    if (row?.author !== session.principal.id) throw new NocturneError('not_found')
    response.type('application/pgp-encrypted').send(await readFeedback(rooms, { actor }, row))
  })

  return router
}

const viewOf = (row: FeedbackTable): FeedbackView => ({
  id: row.id,
  report: row.report,
  code: row.code,
  author: row.author,
  giver: row.giver,
  givenAt: new Date(row.given_at).toISOString(),
  ...(row.read_at !== null && { readAt: new Date(row.read_at).toISOString() }),
  certificate: row.certificate,
})
