/** The ledger, for officers. Every read of the ledger is itself recorded in it. */
import { json, Router } from 'express'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { exportLedger } from '../../ledger/export/index.js'
import { readPage } from '../../ledger/log/index.js'
import { exportPackage } from '../../officer/ledger-package.js'
import type { PackageRooms } from '../../officer/ledger-package.js'
import { makeReport, REPORTS, reportScope } from '../../officer/requests.js'
import type { ReportRooms } from '../../officer/requests.js'
import { patientHandles } from '../../officer/patient-handles.js'
import type { PatientRooms } from '../../officer/patient-handles.js'
import { recordable } from '../../officer/recordable.js'
import type { EventInput, EventQuery } from '../../ledger/log/index.js'
import type { Json } from '../../lib/json.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Site } from '../../config/index.js'
import { NocturneError } from '../../lib/errors.js'
import { eventQueryOf, exportQueryOf, patientQuestionOf, reportQuestionOf } from '../query.js'
import { admit, numberOf } from '../request.js'

export interface AuditRouteRooms extends PatientRooms, ReportRooms, PackageRooms {
  readonly gatekeeper: Gatekeeper
  readonly site: { readonly config: Site['config']; readonly secrets: Site['secrets'] }
}

export function auditRoutes(rooms: AuditRouteRooms): Router {
  const { gatekeeper, ledger, directory } = rooms
  const router = Router()

  const note = (
    actor: EventInput['actor'],
    what: string,
    query: Readonly<Record<string, Json>> = {},
  ) => ledger.note({ type: 'ledger.read', outcome: 0, actor, detail: { what, query } })

  router.get('/audit/events', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const query = eventQueryOf(request)
    await note(actor, 'events', recordable(query, directory))
    response.json(await readPage(ledger, query))
  })

  router.post('/audit/patient', json({ limit: '4kb' }), async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const { facility, patientId, issuer, ...page } = patientQuestionOf(request)
    const touching = await patientHandles(rooms, facility, { patientId, issuer })
    // The handle is already in the ledger; the ID that was typed is not, and must not be added.
    await note(actor, 'patient', { facility, handles: touching.slice(0, 1) })
    response.json(await readPage(ledger, { ...definedOf(page), touching }))
  })

  router.get('/audit/checkpoint', async (request, response) => {
    await admit(gatekeeper, request, 'audit.read')
    response.type('text/plain').send(await ledger.checkpoint())
  })

  router.get('/audit/events/:index/proof', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const index = numberOf(request.params.index)
    await note(actor, 'proof', { index })
    response.type('text/plain').send(await ledger.proof(index))
  })

  router.get('/audit/tile/:level/*path', async (request, response) => {
    await admit(gatekeeper, request, 'audit.read')
    const { n, width } = tilePathOf(request.params.path)
    const hashes = await ledger.tile(numberOf(request.params.level), n, width)
    response.type('application/octet-stream').set('Cache-Control', 'private, no-store').send(hashes)
  })

  router.get('/audit/export', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.export')
    const { query, format } = exportQueryOf(request)
    // Nothing is sent, so nothing is generated or recorded.
    if (request.method === 'HEAD') {
      response.type(format === undefined ? 'application/x-ndjson' : 'application/zip').end()
      return
    }
    if (format !== undefined) {
      const zip = await exportPackage(rooms, actor, query, format)
      response
        .type('application/zip')
        .set('Content-Disposition', 'attachment; filename="ledger.zip"')
      await pipeline(Readable.from(zip), response)
      return
    }
    await ledger.note({
      type: 'ledger.exported',
      outcome: 0,
      actor,
      detail: { query: recordable(query, directory) },
    })
    response
      .type('application/x-ndjson')
      .set('Content-Disposition', 'attachment; filename="ledger.ndjson"')
    await pipeline(Readable.from(exportLedger(ledger, query)), response)
  })

  for (const report of REPORTS)
    router.post(`/audit/${report}`, json({ limit: '4kb' }), async (request, response) => {
      const { actor } = await admit(gatekeeper, request, 'audit.export')
      const scope = await reportScope(rooms, reportQuestionOf(request))
      const zip = await makeReport(rooms, actor, report, scope)
      response
        .type('application/zip')
        .set('Content-Disposition', `attachment; filename="${report}.zip"`)
      await pipeline(Readable.from(zip), response)
    })

  return router
}

/** Removes the members that are undefined. */
const definedOf = (page: Readonly<Record<string, unknown>>): EventQuery =>
  Object.fromEntries(Object.entries(page).filter(([, value]) => value !== undefined))

/** `x001/x234/067`, followed by `.p/W` for a partial tile (c2sp.org/tlog-tiles). */
function tilePathOf(path: unknown): { n: number; width?: number } {
  const parts = Array.isArray(path) ? path.map(String) : []
  const matched = /^((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(parts.join('/'))
  const [, groups, width] = matched ?? []
  if (groups === undefined) throw new NocturneError('not_found')
  const n = Number(groups.replace(/[x/]/g, ''))
  return width === undefined ? { n } : { n, width: Number(width) }
}
