/**
 * The ledger as FHIR AuditEvents (IHE ITI-81), for officers. Every read of the ledger is itself
 * recorded in it.
 */
import { Router, urlencoded } from 'express'
import type { Request, Response } from 'express'
import { eventTypeSystem, parseRecordSearch, toAuditEvent } from '../../ledger/records/index.js'
import type { EventQuery, Ledger, LedgerRow } from '../../ledger/log/index.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Directory } from '../../directory/index.js'
import type { Logger } from '../../lib/logger.js'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import { capabilityStatement } from '../fhir/capability.js'
import { sendFhir, sendOutcome } from '../fhir/outcome.js'
import { pairsOf, splitPage, withHandles } from '../fhir/search.js'
import type { Pair, SearchPage, SearchRooms } from '../fhir/search.js'
import { OWN_ACTORS } from '../../lib/actors.js'
import { notFoundHandler, problemHandler } from '../problem.js'
import { admit } from '../request.js'

/** Limits of a form; the same limits apply to a search in the URL. */
const FORM = { extended: false, limit: '32kb', parameterLimit: 300 } as const

export interface FhirRouteRooms extends SearchRooms {
  readonly gatekeeper: Gatekeeper
  readonly ledger: Ledger
  readonly directory: Pick<Directory, 'principal'>
  readonly logger: Logger
  readonly now: () => number
}

export function fhirRoutes(rooms: FhirRouteRooms, origin: () => string): Router {
  const { gatekeeper, ledger } = rooms
  const since = new Date(rooms.now()).toISOString()
  const router = Router()
  const search = async (request: Request, response: Response) => {
    sendFhir(response, await searchBundle(rooms, origin(), request))
  }

  router.get('/metadata', (_request, response) => {
    sendFhir(response, capabilityStatement(origin(), since))
  })

  router.get('/CodeSystem/event-type', (_request, response) => {
    sendFhir(response, eventTypeSystem(rooms.site.config.gateway.name))
  })

  router.get('/AuditEvent', search)
  router.post('/AuditEvent/_search', urlencoded(FORM), search)

  router.get('/AuditEvent/:id', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.read')
    const { id } = request.params
    if (!ID_PATTERN.test(id)) throw new NocturneError('not_found')
    await ledger.noteRead(actor, { what: 'fhir', query: { _id: [id] } })
    const { rows } = await ledger.query({
      clauses: [[{ column: 'event_id', isOneOf: [id] }]],
      limit: 1,
    })
    const [row] = rows
    if (!row) throw new NocturneError('not_found')
    sendFhir(response, entryOf(row, origin()).resource)
  })

  router.use(notFoundHandler)
  router.use(problemHandler(rooms.logger, sendOutcome))
  return router
}

/** Records the search, and returns one page of its result. */
async function searchBundle(rooms: FhirRouteRooms, origin: string, request: Request) {
  const { gatekeeper, ledger, officer, site } = rooms
  const { actor } = await admit(gatekeeper, request, 'audit.read')
  const { page, filters } = splitPage(pairsOf(request))
  const typed = request.query
  const isFromBody = ([name]: Pair) => !(name in typed)
  const resolved = await withHandles(rooms, filters, isFromBody)
  const { clauses, recorded, patient } = parseRecordSearch(resolved, {
    ...{ gateway: site.config.gateway.name, origin },
    isKnown: (id) => isKnown(rooms, id),
  })
  await officer.admitSearch(actor, patientsIn(filters, resolved))
  // Taken before this read is recorded: an answer does not contain the event of its own query.
  const size = Number((await ledger.checkpoint()).split('\n')[1])
  const end = Math.min(page.end ?? size, size)
  await ledger.noteRead(
    actor,
    { what: 'fhir', query: recorded },
    patient && { facility: patient.facility, patient: patient.handle },
  )
  const query: EventQuery = { clauses, end }
  const total = await ledger.count(query, end)
  const { rows, next } =
    page.count === 0
      ? { rows: [], next: undefined }
      : await ledger.query({ ...query, start: page.start, limit: page.count })
  const address = (start: number) => addressOf(origin, resolved, { ...page, start, end })
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total,
    link: [
      { relation: 'self', url: address(page.start) },
      ...(next === undefined ? [] : [{ relation: 'next', url: address(next) }]),
    ],
    ...(rows.length > 0 && { entry: rows.map((row) => entryOf(row, origin)) }),
  }
}

/** One handle per patient: an ID that the facility uses has become several handles of one. */
const patientsIn = (filters: readonly Pair[], resolved: readonly Pair[]): readonly string[] =>
  resolved.flatMap(([, value], i) => {
    const handles = value.match(/\b[0-9a-f]{64}\b/g) ?? []
    return value === filters[i]?.[1] ? handles : handles.slice(0, 1)
  })

/** Whether the ID exists: as a person, a facility, or the gateway itself. */
const isKnown = ({ directory, site }: FhirRouteRooms, id: string): boolean =>
  OWN_ACTORS.has(id) ||
  directory.principal(id) !== undefined ||
  site.config.facilities.some((one) => one.id === id)

const entryOf = ({ index, entry }: LedgerRow, origin: string) => ({
  fullUrl: `${origin}/fhir/AuditEvent/${entry.id}`,
  resource: toAuditEvent(entry, index, { origin }),
  search: { mode: 'match' },
})

/** The search as it was understood, as a URL, in which a patient is identified only by handle. */
function addressOf(origin: string, filters: readonly Pair[], page: SearchPage): string {
  const query = new URLSearchParams(filters.map(([name, value]): [string, string] => [name, value]))
  query.set('_count', String(page.count))
  query.set('_start', String(page.start))
  query.set('_end', String(page.end))
  return `${origin}/fhir/AuditEvent?${query.toString()}`
}
