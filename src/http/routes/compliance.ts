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
import type { Actor } from '../../ledger/log/index.js'
import { exportAssessment } from '../../officer/assessments.js'
import type { AssessmentRooms } from '../../officer/assessments.js'
import {
  actionOf,
  assessmentOf,
  doneOf,
  entriesOf,
  exportOf,
  statementOf,
} from '../compliance-query.js'
import { admit } from '../request.js'

/** Enough for a file with a thousand entries. */
const ENTRIES = json({ limit: '2mb' })
const BODY = json({ limit: '64kb' })
/** Per list; any other entry can be requested by its ID. */
const MOST_LISTED = 100

export interface ComplianceRouteRooms extends AssessmentRooms {
  readonly gatekeeper: Gatekeeper
  readonly compliance: Compliance
}

export function complianceRoutes(rooms: ComplianceRouteRooms, origin: () => string): Router {
  const { gatekeeper, ledger, compliance } = rooms
  const { registers, desk } = compliance
  const router = Router()
  const noteRead = (actor: Actor, what: string, of: string) =>
    ledger.note({ type: 'ledger.read', outcome: 0, actor, detail: { what, of } })

  router.get('/registers/:kind', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const kind = kindOf(request.params.kind)
    await noteRead(actor, 'register', kind)
    response.json({ kind, entries: await registers.list(kind) })
  })

  router.post('/registers/:kind', ENTRIES, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const kind = kindOf(request.params.kind)
    const entries = entriesOf(request).map((one) => ({ ...one, kind }))
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

  router.get('/assessments', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    await noteRead(actor, 'assessments', 'all')
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
    const { profile } = assessmentOf(request)
    const { id, assessment, receipt } = await compliance.assess(profile, origin(), actor)
    response.status(201).json({ id, assessment, receipt: await ledger.proof(receipt.index) })
  })

  router.get('/assessments/:id', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.read')
    const { format } = exportOf(request)
    const id = request.params.id === 'newest' ? undefined : idOf(request.params.id)
    const files = await exportAssessment(rooms, actor, { id, format })
    const [only] = files
    if (format === 'json' && only) {
      response.type('application/json')
      await pipeline(Readable.from(only.content), response)
    } else await sendFiles(response, files)
  })

  router.post('/assessments/statements', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const { id, receipt } = await desk.state(statementOf(request), actor)
    response.status(201).json({ id, receipt: await ledger.proof(receipt.index) })
  })

  router.post('/assessments/actions', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const { id, receipt } = await desk.plan(actionOf(request), actor)
    response.status(201).json({ id, receipt: await ledger.proof(receipt.index) })
  })

  router.post('/assessments/actions/:id/done', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'compliance.write')
    const id = idOf(request.params.id)
    const { index } = await desk.finish(id, doneOf(request).evidence, actor)
    response.json({ id, receipt: await ledger.proof(index) })
  })

  return router
}

function kindOf(text: string): RegisterKind {
  if (!isRegisterKind(text)) throw new NocturneError('not_found')
  return text
}

function idOf(text: string): string {
  if (!ID_PATTERN.test(text)) throw new NocturneError('not_found')
  return text
}

async function sendFiles(
  response: Response,
  files: Awaited<ReturnType<typeof exportAssessment>>,
): Promise<void> {
  response
    .type('application/zip')
    .set('Content-Disposition', 'attachment; filename="assessment.zip"')
  await pipeline(Readable.from(zipOf(files)), response)
}
