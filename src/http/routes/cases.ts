/** Cases: the worklist, claims and their proof, and all other operations on a case. */
import type { Request, Response } from 'express'
import { Router, json } from 'express'
import { NocturneError } from '../../lib/errors.js'
import {
  claimRequest,
  closeRequest,
  exportRequest,
  joinRequest,
  priorityRequest,
  proofOf,
  reassignRequest,
  releaseRequest,
  rerouteRequest,
  shareRequest,
  splitRequest,
} from '../../protocol/case-requests.js'
import type { Gatekeeper } from '../../access/index.js'
import type { CaseAnswer, Cases, Proofs } from '../../cases/index.js'
import type { Directory } from '../../directory/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import type { Transfers } from '../../transfer/index.js'
import { parseBody } from '../parse.js'
import { sendProblem } from '../problem.js'
import { lockedCases } from '../locked-cases.js'
import { openableOf } from '../openable.js'
import { expectPrivileged } from '../privileged.js'
import type { PrivilegeRooms } from '../privileged.js'
import { admit, admitToCase } from '../request.js'

export interface CaseRouteRooms extends PrivilegeRooms {
  readonly gatekeeper: Gatekeeper
  readonly cases: Cases
  readonly proofs: Proofs
  readonly transfers: Pick<Transfers, 'openableBy' | 'opened' | 'manifestKeys'>
  readonly directory: Pick<Directory, 'certificates' | 'group' | 'principal'>
  readonly ledger: Pick<Ledger, 'note'>
}

export function caseRoutes(rooms: CaseRouteRooms): Router {
  const { gatekeeper, cases } = rooms
  const router = Router()
  const body = json({ limit: '16kb' })

  router.get('/cases', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'transfer.list')
    await gatekeeper.noteListing(actor, 'cases')
    const { role, facility, groups } = session.principal
    const listed =
      role === 'reader'
        ? await cases.worklist(groups)
        : await cases.list(role === 'sender' ? (facility ?? '') : undefined)
    response.json({ cases: listed })
  })

  router.get('/cases/locked', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'inbox.read')
    await gatekeeper.noteListing(actor, 'cases')
    const { id, groups } = session.principal
    const listed = await cases.worklist(groups)
    response.json({ cases: await lockedCases(rooms, id, listed) })
  })

  router.get('/cases/:id', async (request, response) => {
    const { session, row, transfers } = await admitToCase(gatekeeper, request, 'transfer.read')
    const [view] = await cases.views([row])
    const { id, role } = session.principal
    if (role !== 'reader') return response.json(view)
    // A site may seal to the roster only, so that a reader sees cases that they cannot open yet.
    const isSealedToYou = (await rooms.transfers.openableBy(id, transfers)) !== undefined
    return response.json({ ...view, isSealedToYou })
  })

  router.post('/cases/:id/claim', body, async (request, response) => {
    const answer = await claim(rooms, request, response)
    if (answer) response.json(answer)
  })

  // Kept from before cases existed: does the same, and has the transfer's ID in the answer.
  router.post('/transfers/:id/claim', body, async (request, response) => {
    const answer = await claim(rooms, request, response)
    if (answer) response.json(asTransfer(request, answer))
  })

  router.post('/cases/:id/renew', async (request, response) => {
    const { session, actor, row } = await admitToCase(gatekeeper, request, 'transfer.release')
    response.json(await cases.renew({ id: session.principal.id, actor }, row.id))
  })

  router.post('/cases/:id/release', body, async (request, response) => {
    response.json(await release(rooms, request))
  })

  router.post('/transfers/:id/release', body, async (request, response) => {
    response.json(asTransfer(request, await release(rooms, request)))
  })

  router.post('/cases/:id/reassign', body, async (request, response) => {
    const { actor, row, transfers } = await admitToCase(gatekeeper, request, 'case.reassign')
    const { to } = parseBody(reassignRequest, request)
    // Nobody can hold a case that is not sealed to them, whoever assigns it.
    if (!(await rooms.transfers.openableBy(to, transfers)))
      throw new NocturneError('not_a_reader', { subject: row.group_id })
    response.json(await cases.reassign(actor, row.id, to))
  })

  changeRoutes(router, rooms)
  return router
}

/** Routes by which a case ends, or changes what it contains. */
function changeRoutes(router: Router, { gatekeeper, cases, transfers }: CaseRouteRooms): void {
  const body = json({ limit: '64kb' })

  router.post('/cases/:id/close', body, async (request, response) => {
    const { actor, row } = await admitToCase(gatekeeper, request, 'case.close')
    const { reason } = parseBody(closeRequest, request)
    response.json(await cases.close(actor, row.id, reason))
  })

  router.post('/cases/:id/recall', async (request, response) => {
    const { actor, row } = await admitToCase(gatekeeper, request, 'case.recall')
    response.json(await cases.recall(actor, row.id))
  })

  router.post('/cases/:id/reroute', body, async (request, response) => {
    const { actor, row } = await admitToCase(gatekeeper, request, 'case.recall')
    const { to } = parseBody(rerouteRequest, request)
    const other = await admitToCase(gatekeeper, request, 'transfer.read', to)
    response.json(await cases.reroute(actor, row.id, other.row.id))
  })

  router.post('/cases/:id/join', body, async (request, response) => {
    const { session, actor, row } = await admitToCase(gatekeeper, request, 'case.join')
    const { with: from } = parseBody(joinRequest, request)
    const other = await admitToCase(gatekeeper, request, 'case.join', from)
    response.json(await cases.join({ id: session.principal.id, actor }, row.id, other.row.id))
  })

  router.post('/cases/:id/split', body, async (request, response) => {
    const { session, actor, row } = await admitToCase(gatekeeper, request, 'case.split')
    const { transfers } = parseBody(splitRequest, request)
    response.json(await cases.split({ id: session.principal.id, actor }, row.id, transfers))
  })

  router.post('/cases/:id/share', body, async (request, response) => {
    const {
      session,
      actor,
      row,
      transfers: ids,
    } = await admitToCase(gatekeeper, request, 'case.share')
    const { region, to } = parseBody(shareRequest, request)
    const reader = to === row.group_id ? undefined : to
    // As with reassigning: nobody can read what is not sealed to them.
    if (reader !== undefined && !(await transfers.openableBy(reader, ids)))
      throw new NocturneError('not_a_reader', { subject: row.group_id })
    const asker = { id: session.principal.id, actor }
    response.json(await cases.share(asker, row.id, { region, to: reader }))
  })

  router.post('/cases/:id/export', body, async (request, response) => {
    const { actor, row } = await admitToCase(gatekeeper, request, 'case.export')
    response.json(await cases.noteExport(actor, row.id, parseBody(exportRequest, request)))
  })

  router.post('/cases/:id/priority', body, async (request, response) => {
    const { actor, row } = await admitToCase(gatekeeper, request, 'case.prioritize')
    const { priority } = parseBody(priorityRequest, request)
    response.json(await cases.reprioritize(actor, row.id, priority))
  })
}

/** Undefined if a challenge was sent instead. */
async function claim(
  rooms: CaseRouteRooms,
  request: Request,
  response: Response,
): Promise<CaseAnswer | undefined> {
  const { gatekeeper } = rooms
  const { session, actor, row, transfers } = await admitToCase(
    gatekeeper,
    request,
    'transfer.claim',
  )
  const reader = session.principal.id
  const asked = parseBody(claimRequest, request, {})
  rooms.cases.expectClaimable(row, asked.override)
  const openable = await openableOf(rooms, reader, row, transfers)
  const proof = proofOf(asked)
  if (!proof) {
    const challenge = await rooms.proofs.challenge(reader, openable)
    sendProblem(response, new NocturneError('claim_unproven'), { challenge: { ...challenge } })
    return undefined
  }
  try {
    const how = rooms.proofs.check(reader, openable, proof)
    if (how === 'session-key') await rooms.transfers.opened(reader, openable.transfer)
  } catch (error) {
    const detail = { case: row.id, code: row.code }
    const common = { facility: row.facility, group: row.group_id, transfer: openable.transfer }
    await rooms.ledger.note({ type: 'claim.unproven', outcome: 8, actor, ...common, detail })
    throw error
  }
  await expectPrivileged(rooms, reader, row, actor)
  return rooms.cases.claim({ id: reader, actor }, row.id, asked.override)
}

async function release(
  { gatekeeper, cases }: Pick<CaseRouteRooms, 'gatekeeper' | 'cases'>,
  request: Request,
): Promise<CaseAnswer> {
  const { session, actor, row } = await admitToCase(gatekeeper, request, 'transfer.release')
  const { reason = 'given-back' } = parseBody(releaseRequest, request, {})
  return cases.release({ id: session.principal.id, actor }, row.id, reason)
}

const asTransfer = (request: Request, { case: view, receipt }: CaseAnswer) => ({
  id: view.transfers.find(({ id }) => id === request.params.id)?.id ?? view.transfers[0]?.id,
  state: 'available',
  ...(view.claimedBy !== undefined && { claimedBy: view.claimedBy }),
  ...(view.claimedAt !== undefined && { claimedAt: view.claimedAt }),
  ...(view.claimUntil !== undefined && { claimUntil: view.claimUntil }),
  case: { id: view.id, code: view.code },
  receipt,
})
