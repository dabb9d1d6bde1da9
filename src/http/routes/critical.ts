/** Critical results: raised by a reader, read back by a person at the facility. */
import { Router, json } from 'express'
import type { Request, Response } from 'express'
import type { Action, AskerOfCase, Gatekeeper } from '../../access/index.js'
import { answerView, criticalView } from '../../critical/index.js'
import type { Critical } from '../../critical/index.js'
import type { Signers } from '../../ledger/rows/index.js'
import { NocturneError } from '../../lib/errors.js'
import { newCritical, newReadBack } from '../../protocol/critical.js'
import { criticalQuery } from '../../protocol/http/critical.js'
import { signedRequest } from '../../protocol/signed.js'
import type { Reply } from '../../reply.js'
import type { CriticalAnswerTable, CriticalResultTable } from '../../state/night/index.js'
import { parseBody, parseQuery } from '../parse.js'
import { admit, admitToCase } from '../request.js'

export interface CriticalRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly critical: Critical
  readonly reply: Pick<Reply, 'recipients'>
  readonly signers: Signers
}

/** Room for 64 KiB in base64, and the signatures. */
const BODY_LIMIT = '128kb'

export function criticalRoutes(rooms: CriticalRouteRooms): Router {
  const router = Router()
  const body = json({ limit: BODY_LIMIT })
  readingRoutes(router, rooms)

  router.post('/cases/:id/critical', body, async (request, response) => {
    const { gatekeeper, critical, reply } = rooms
    const { session, actor, row, transfers } = await admitToCase(gatekeeper, request, 'report.send')
    const sent = parseBody(newCritical, request)
    // Refuses a facility without crosswalk, which could not tell whose finding it is.
    await reply.recipients(row)
    const raised = await critical.raise(
      { id: session.principal.id, actor },
      row,
      transfers[0] ?? '',
      sent,
    )
    answer(response, raised, raised.receipt === undefined ? 200 : 201)
  })

  router.post('/critical/:id/readback', body, async (request, response) => {
    const { asker, row } = await admitToCritical(rooms, request, 'report.acknowledge')
    answer(response, await rooms.critical.readBack(asker, row, parseBody(newReadBack, request)))
  })

  router.post('/critical/:id/compare', body, async (request, response) => {
    const { asker, row } = await admitToCritical(rooms, request, 'report.send')
    answer(response, await rooms.critical.compare(asker, row, parseBody(signedRequest, request)))
  })

  router.post('/critical/:id/phone', body, async (request, response) => {
    const { asker, row } = await admitToCritical(rooms, request, 'report.send')
    answer(response, await rooms.critical.phone(asker, row, parseBody(signedRequest, request)))
  })

  return router
}

function readingRoutes(router: Router, rooms: CriticalRouteRooms): void {
  const { gatekeeper, critical, signers } = rooms

  router.get('/critical', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'report.list')
    const { open } = parseQuery(criticalQuery, request)
    await gatekeeper.noteListing(actor, 'reports')
    const { role, facility = '', groups } = session.principal
    const rows = await critical.list({
      ...(role === 'sender' && { facility }),
      ...(role === 'reader' && { groups }),
      isOpen: open === 'true',
    })
    response.json({ critical: rows.map(criticalView) })
  })

  router.get('/critical/:id', async (request, response) => {
    const { row } = await admitToCritical(rooms, request, 'transfer.read')
    const [sound] = await signers.sift('critical_results', [row], ({ author }) => author)
    if (!sound) throw new NocturneError('object_missing')
    const { statement, signature, certificate } = sound
    const answers = (await answersOf(rooms, row)).map(answerView)
    response.json({ ...criticalView(row), statement, signature, certificate, answers })
  })

  router.get('/critical/:id/message', async (request, response) => {
    const { asker, row } = await admitToCritical(rooms, request, 'report.read')
    send(response, await critical.read(asker, row, row.message))
  })

  router.get('/critical/:id/readback', async (request, response) => {
    const { asker, row } = await admitToCritical(rooms, request, 'report.read')
    const newest = (await answersOf(rooms, row)).findLast(({ message }) => message !== null)
    if (!newest?.message) throw new NocturneError('not_found')
    send(response, await critical.read(asker, row, newest.message))
  })

  router.get('/critical/:id/recipients', async (request, response) => {
    const { caseRow } = await admitToCritical(rooms, request, 'report.acknowledge')
    response.json(await rooms.reply.recipients(caseRow))
  })
}

/** A read-back is signed by the facility, everything else by the reader who answered. */
const answersOf = async (
  { critical, signers }: CriticalRouteRooms,
  { id, facility }: CriticalResultTable,
): Promise<readonly CriticalAnswerTable[]> =>
  signers.sift('critical_answers', await critical.answers(id), ({ kind, answered_by }) =>
    kind === 'read-back' ? facility : answered_by,
  )

const send = (response: Response, message: Buffer): void => {
  response.type('application/pgp-encrypted').send(message)
}

const answer = (
  response: Response,
  { row, receipt }: { readonly row: CriticalResultTable; readonly receipt: string | undefined },
  status = 200,
): void => {
  response.status(status).json({
    critical: criticalView(row),
    isRepeated: receipt === undefined,
    ...(receipt !== undefined && { receipt }),
  })
}

/**
 * Authenticates the caller, and checks that they may perform the action on the case of the critical
 * result. One that does not exist is refused like a case that does not exist.
 *
 * @throws NocturneError `not_found`, `forbidden`
 */
async function admitToCritical(
  { gatekeeper, critical }: CriticalRouteRooms,
  request: Request,
  action: Action,
): Promise<{
  readonly asker: { readonly id: string; readonly actor: AskerOfCase['actor'] }
  readonly caseRow: AskerOfCase['row']
  readonly row: CriticalResultTable
}> {
  const { id } = request.params
  const row = await critical.find(typeof id === 'string' ? id : '')
  const {
    session,
    actor,
    row: caseRow,
  } = await admitToCase(gatekeeper, request, action, row?.case_id ?? NO_CASE)
  if (!row) throw new NocturneError('not_found')
  return { asker: { id: session.principal.id, actor }, caseRow, row }
}

/** An ID that no case has. */
const NO_CASE = '-'
