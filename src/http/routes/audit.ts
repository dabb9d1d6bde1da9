/** The ledger, for officers. Every read of the ledger is itself recorded in it. */
import { json, Router } from 'express'
import { readPage } from '../../ledger/log/index.js'
import type { EventQuery, Ledger } from '../../ledger/log/index.js'
import { countQuestions } from '../../ledger/reviews/index.js'
import type { Gatekeeper } from '../../access/index.js'
import { ID_PATTERN } from '../../lib/ids.js'
import { NocturneError } from '../../lib/errors.js'
import { REPORTS } from '../../officer/index.js'
import type { Officer } from '../../officer/index.js'
import {
  eventQueryOf,
  exportQueryOf,
  patientQuestionOf,
  questionsQueryOf,
  reportQuestionOf,
} from '../query.js'
import { admit, numberOf } from '../request.js'
import { sendFile } from '../send-file.js'

export interface AuditRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly ledger: Ledger
  readonly officer: Officer
}

export function auditRoutes(rooms: AuditRouteRooms): Router {
  const router = Router()
  addQuestions(router, rooms)
  addProofs(router, rooms)
  addExports(router, rooms)
  return router
}

function addQuestions(router: Router, { gatekeeper, ledger, officer }: AuditRouteRooms): void {
  router.get('/audit/events', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const query = eventQueryOf(request)
    if (query.patient !== undefined) await officer.admitSearch(actor, [query.patient])
    await ledger.noteRead(actor, { what: 'events', query: officer.recordable(query) })
    response.json(await readPage(ledger, query))
  })

  router.get('/audit/questions', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const query = questionsQueryOf(request)
    await ledger.noteRead(actor, { what: 'questions', query: officer.recordable(query) })
    response.json(await countQuestions(ledger, query))
  })

  router.post('/audit/patient', json({ limit: '4kb' }), async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const { facility, patientId, issuer, ...page } = patientQuestionOf(request)
    const found = await officer.findPatient(facility, { patientId, issuer })
    const touching = found.handles
    await officer.admitSearch(actor, touching.slice(0, 1))
    // The handle is already in the ledger; the ID that was typed is not, and must not be added.
    await ledger.noteRead(actor, {
      what: 'patient',
      query: { facility, handles: touching.slice(0, 1) },
    })
    response.json({
      ...(await readPage(ledger, { ...definedOf(page), touching })),
      ...(await officer.underOtherIssuers(found)),
    })
  })
}

function addProofs(router: Router, { gatekeeper, ledger }: AuditRouteRooms): void {
  router.get('/audit/checkpoint', async (request, response) => {
    await admit(gatekeeper, request, 'audit.read')
    response.type('text/plain').send(await ledger.checkpoint())
  })

  router.get('/audit/events/:index/proof', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const index = numberOf(request.params.index)
    await ledger.noteRead(actor, { what: 'proof', query: { index } })
    response.type('text/plain').send(await ledger.proof(index))
  })

  router.get('/audit/tile/:level/*path', async (request, response) => {
    await admit(gatekeeper, request, 'audit.read')
    const { n, width } = tilePathOf(request.params.path)
    const hashes = await ledger.tile(numberOf(request.params.level), n, width)
    response.type('application/octet-stream').set('Cache-Control', 'private, no-store').send(hashes)
  })
}

function addExports(router: Router, { gatekeeper, officer }: AuditRouteRooms): void {
  router.get('/audit/export', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.export')
    const { query, format } = exportQueryOf(request)
    if (query.patient !== undefined) await officer.admitSearch(actor, [query.patient])
    // Nothing is sent, so nothing is generated or recorded.
    if (request.method === 'HEAD') {
      response.type(format === undefined ? 'application/x-ndjson' : 'application/zip').end()
    } else if (format === undefined) {
      const lines = await officer.exportEvents(actor, query)
      await sendFile(response, 'application/x-ndjson', 'ledger.ndjson', lines)
    } else {
      const zip = await officer.exportPackage(actor, query, format)
      await sendFile(response, 'application/zip', 'ledger.zip', zip)
    }
  })

  router.post('/audit/searches/:id/approve', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const { id } = request.params
    if (!ID_PATTERN.test(id)) throw new NocturneError('not_found')
    response.status(201).json(await officer.approveSearch(actor, id))
  })

  for (const report of REPORTS)
    router.post(`/audit/${report}`, json({ limit: '4kb' }), async (request, response) => {
      const { actor } = await admit(gatekeeper, request, 'audit.export')
      const zip = await officer.report(actor, report, reportQuestionOf(request))
      await sendFile(response, 'application/zip', `${report}.zip`, zip)
    })
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
