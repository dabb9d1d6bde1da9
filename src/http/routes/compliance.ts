/**
 * Registers and assessments, for officers. Reading them is recorded as an event, like reading the
 * ledger.
 */
import { json, Router } from 'express'
import type { Response } from 'express'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { Gatekeeper } from '../../access/index.js'
import { isRegisterKind } from '../../compliance/index.js'
import type { Compliance, RegisterKind } from '../../compliance/index.js'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import { zipOf } from '../../lib/zip.js'
import type { ZipMember } from '../../lib/zip.js'
import type { Ledger } from '../../ledger/log/index.js'
import type { Officer } from '../../officer/index.js'
import {
  actionRequest,
  assessmentQuery,
  assessmentRequest,
  doneRequest,
  entriesRequest,
  statementRequest,
} from '../../protocol/http/compliance.js'
import { signedRequest } from '../../protocol/signed.js'
import { parseBody, parseQuery } from '../parse.js'
import { admit } from '../request.js'
import { sendFile } from '../send-file.js'

/** Enough for a file with a thousand entries. */
const ENTRIES = json({ limit: '2mb' })
const BODY = json({ limit: '64kb' })
/** Per list; any other entry can be requested by its ID. */
const MOST_LISTED = 100

export interface ComplianceRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly ledger: Pick<Ledger, 'noteRead' | 'proof'>
  readonly compliance: Compliance
  readonly officer: Pick<Officer, 'exportAssessment' | 'incidents'>
}

export function complianceRoutes(rooms: ComplianceRouteRooms, origin: () => string): Router {
  const router = Router()
  addRegisters(router, rooms)
  addAssessments(router, rooms, origin)
  addStatements(router, rooms)
  addIncidents(router, rooms)
  return router
}

function addRegisters(
  router: Router,
  { gatekeeper, ledger, compliance: { registers } }: ComplianceRouteRooms,
): void {
  router.get('/registers/:kind', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const kind = kindOf(request.params.kind)
    await ledger.noteRead(actor, { what: 'register', of: kind })
    response.json({ kind, entries: await registers.list(kind) })
  })

  router.post('/registers/:kind', ENTRIES, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const kind = kindOf(request.params.kind)
    const given = parseBody(entriesRequest, request).entries
    const entries = given.map(({ fields, replaces }) => ({
      ...{ fields, kind },
      ...(replaces !== undefined && { replaces }),
    }))
    const { ids, receipt } = await registers.add(entries, actor)
    response.status(201).json({ ids, receipt: await ledger.proof(receipt.index) })
  })

  router.post('/registers/:kind/:id/end', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const id = idOf(request.params.id)
    if ((await registers.show(id)).kind !== kindOf(request.params.kind))
      throw new NocturneError('not_found')
    const { index } = await registers.end(id, actor)
    response.json({ id, receipt: await ledger.proof(index) })
  })
}

function addAssessments(
  router: Router,
  { gatekeeper, ledger, compliance, officer }: ComplianceRouteRooms,
  origin: () => string,
): void {
  const { desk } = compliance

  router.get('/assessments', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    await ledger.noteRead(actor, { what: 'assessments', of: 'all' })
    const kept = await desk.assessments(MOST_LISTED)
    response.json({
      assessments: kept.map(({ id, profile, madeAt, madeBy }) => ({
        ...{ id, profile, madeBy, madeAt: new Date(madeAt).toISOString() },
      })),
      actions: await desk.actions(),
      statements: await desk.statements(),
    })
  })

  router.post('/assessments', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const { profile } = parseBody(assessmentRequest, request, {})
    const { id, assessment, receipt } = await compliance.assess(profile, origin(), actor)
    response.status(201).json({ id, assessment, receipt: await ledger.proof(receipt.index) })
  })

  router.get('/assessments/:id', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const { format } = parseQuery(assessmentQuery, request)
    const id = request.params.id === 'newest' ? undefined : idOf(request.params.id)
    const files = await officer.exportAssessment(actor, { id, format })
    const [only] = files
    if (format === 'json' && only) await sendJson(response, only)
    else await sendFile(response, 'application/zip', 'assessment.zip', zipOf(files))
  })
}

function addStatements(
  router: Router,
  { gatekeeper, ledger, compliance: { desk } }: ComplianceRouteRooms,
): void {
  router.post('/assessments/statements', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const { id, receipt } = await desk.state(parseBody(statementRequest, request), actor)
    response.status(201).json({ id, receipt: await ledger.proof(receipt.index) })
  })

  router.post('/assessments/actions', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const { id, receipt } = await desk.plan(parseBody(actionRequest, request), actor)
    response.status(201).json({ id, receipt: await ledger.proof(receipt.index) })
  })

  router.post('/assessments/actions/:id/done', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const id = idOf(request.params.id)
    const { evidence } = parseBody(doneRequest, request)
    const { index } = await desk.finish(id, evidence, actor)
    response.json({ id, receipt: await ledger.proof(index) })
  })
}

function addIncidents(
  router: Router,
  { gatekeeper, officer: { incidents } }: ComplianceRouteRooms,
): void {
  router.get('/incidents/:id', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    response.json(await incidents.show(actor, request.params.id))
  })

  router.get('/incidents/:id/pack', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const files = await incidents.pack(actor, request.params.id)
    await sendFile(response, 'application/zip', 'incident.zip', zipOf(files))
  })

  router.post('/incidents/:id/decision', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const signed = parseBody(signedRequest, request)
    response.status(201).json(await incidents.decide(actor, request.params.id, signed))
  })
}

function kindOf(text: string): RegisterKind {
  if (!isRegisterKind(text)) throw new NocturneError('not_found')
  return text
}

function idOf(text: string): string {
  if (!ID_PATTERN.test(text)) throw new NocturneError('not_found')
  return text
}

async function sendJson(response: Response, { content }: ZipMember): Promise<void> {
  response.type('application/json')
  await pipeline(Readable.from(content), response)
}
