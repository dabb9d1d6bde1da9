/** Reports from readers: sent by the reader, fetched and acknowledged by the facility. */
import { Router, json } from 'express'
import type { Request } from 'express'
import type { Action, AskerOfCase, Gatekeeper } from '../../access/index.js'
import type { Signers } from '../../ledger/rows/index.js'
import { NocturneError } from '../../lib/errors.js'
import { acknowledgeReport, newReport } from '../../protocol/report.js'
import { reportsQuery } from '../../protocol/http/reports.js'
import type { Reply } from '../../reply.js'
import { reportView } from '../../reports/index.js'
import type { CaseReportTable } from '../../state/night/index.js'
import { parseBody, parseQuery } from '../parse.js'
import { expectSigner } from '../privileged.js'
import type { PrivilegeRooms } from '../privileged.js'
import { admit, admitToCase } from '../request.js'

export interface ReportRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly reply: Reply
  readonly signers: Signers
}

/** Room for 5 MiB in base64, and the signatures. */
const BODY_LIMIT = '8mb'

export function reportRoutes(rooms: ReportRouteRooms & PrivilegeRooms): Router {
  const { gatekeeper, reply } = rooms
  const router = Router()
  const body = json({ limit: '32kb' })

  router.get('/cases/:id/report-recipients', async (request, response) => {
    const { row } = await admitToCase(gatekeeper, request, 'report.send')
    response.json(await reply.recipients(row))
  })

  router.post('/cases/:id/reports', json({ limit: BODY_LIMIT }), async (request, response) => {
    const { session, actor, row } = await admitToCase(gatekeeper, request, 'report.send')
    const report = parseBody(newReport, request)
    const author = { id: session.principal.id, actor }
    const sent = await reply.take(author, row, report, (status) =>
      expectSigner(rooms, author, row, status),
    )
    const isRepeated = sent.receipt === undefined
    response.status(isRepeated ? 200 : 201).json({
      report: reportView(sent.row),
      isRepeated,
      ...(sent.receipt !== undefined && { receipt: sent.receipt }),
    })
  })

  router.get('/reports', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'report.list')
    const { waiting } = parseQuery(reportsQuery, request)
    await gatekeeper.noteListing(actor, 'reports')
    const { role, facility = '', groups } = session.principal
    const rows = await reply.list({
      ...(role === 'sender' && { facility }),
      ...(role === 'reader' && { groups }),
      isWaiting: waiting === 'true',
    })
    response.json({ reports: rows.map(reportView) })
  })

  router.get('/reports/:id', async (request, response) => {
    const { report } = await admitToReport(rooms, request, 'transfer.read')
    const [sound] = await rooms.signers.sift('case_reports', [report], ({ author }) => author)
    if (!sound) throw new NocturneError('object_missing')
    const { statement, signature, certificate } = sound
    response.json({ ...reportView(report), statement, signature, certificate })
  })

  router.get('/reports/:id/message', async (request, response) => {
    const { asker, report } = await admitToReport(rooms, request, 'report.read')
    const { session, actor } = asker
    const message = await reply.read({ id: session.principal.id, actor }, report)
    response.type('application/pgp-encrypted').send(message)
  })

  router.post('/reports/:id/acknowledge', body, async (request, response) => {
    const { asker, report } = await admitToReport(rooms, request, 'report.acknowledge')
    const signed = parseBody(acknowledgeReport, request)
    const facility = { id: asker.session.principal.id, actor: asker.actor }
    const { row, receipt } = await reply.acknowledge(facility, report, signed)
    response.json({ report: reportView(row), ...(receipt !== undefined && { receipt }) })
  })

  return router
}

/**
 * Authenticates the caller, and checks that they may perform the action on the report's case. A
 * report that does not exist is refused like a case that does not exist.
 *
 * @throws NocturneError `not_found`, `forbidden`
 */
export async function admitToReport(
  { gatekeeper, reply }: ReportRouteRooms,
  request: Request,
  action: Action,
): Promise<{ readonly asker: AskerOfCase; readonly report: CaseReportTable }> {
  const { id } = request.params
  const name = typeof id === 'string' ? id : ''
  const report = await reply.find(name)
  const asker = await admitToCase(gatekeeper, request, action, report?.case_id ?? NO_CASE)
  if (!report) throw new NocturneError('not_found')
  return { asker, report }
}

/** An ID that no case has. */
const NO_CASE = '-'
