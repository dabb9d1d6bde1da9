/** Requisitions by HTTP: as fields, as an order in HL7 v2, and as a FHIR ServiceRequest. */
import { Router, json, text } from 'express'
import type { Request } from 'express'
import type { Asker, Gatekeeper } from '../../../access/index.js'
import type { Requisitions } from '../../../doors/requisition/take.js'
import { NocturneError } from '../../../lib/errors.js'
import type { Logger } from '../../../lib/logger.js'
import { requisitionRequest } from '../../../protocol/http/intake.js'
import { readMessage, readOrder, readServiceRequest } from '../../../requisition/index.js'
import type { Requisition } from '../../../requisition/index.js'
import { sendOutcome } from '../../fhir/outcome.js'
import { parseBody } from '../../parse.js'
import { problemHandler } from '../../problem.js'
import { admit, facilityOf } from '../../request.js'

interface RequisitionRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
}

const LIMIT = '1mb'
const HL7 = ['application/hl7-v2', 'x-application/hl7-v2+er7']

export function requisitionRoutes(
  { gatekeeper }: RequisitionRouteRooms,
  requisitions: Pick<Requisitions, 'take'>,
): Router {
  const router = Router()
  const bodies = [json({ limit: LIMIT }), text({ limit: LIMIT, type: HL7 })]
  router.post('/requisitions', ...bodies, async (request, response) => {
    const asker = await admit(gatekeeper, request, 'transfer.create')
    const body: unknown = request.body
    const read = typeof body === 'string' ? orderIn(body) : formIn(request)
    response.status(201).json(await requisitions.take(senderOf(asker), read))
  })
  return router
}

export function serviceRequestRoutes(
  { gatekeeper, logger }: RequisitionRouteRooms & { readonly logger: Logger },
  requisitions: Pick<Requisitions, 'take'>,
): Router {
  const router = Router()
  const type = ['application/json', 'application/fhir+json']
  router.post('/ServiceRequest', json({ limit: LIMIT, type }), async (request, response) => {
    const asker = await admit(gatekeeper, request, 'transfer.create')
    const read = readServiceRequest(request.body)
    if (!read) throw new NocturneError('not_a_requisition')
    response.status(201).json(await requisitions.take(senderOf(asker), read))
  })
  router.use(problemHandler(logger, sendOutcome))
  return router
}

const senderOf = (asker: Asker) => ({ actor: asker.actor, facility: facilityOf(asker) })

/** A cancelled order is no requisition. */
function orderIn(body: string): Requisition {
  const message = readMessage(body)
  const order = message && readOrder(message)
  if (!order || order.isEnded) throw new NocturneError('not_a_requisition')
  return order.requisition
}

function formIn(request: Request): Requisition {
  const { accession, patientId, names = [], ...fields } = parseBody(requisitionRequest, request)
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return {
    accessions: [accession.trim()].filter((one) => one !== ''),
    patientIds: [patientId.trim()].filter((one) => one !== ''),
    fields: Object.fromEntries(given),
    names: [...names, patientId],
  }
}
