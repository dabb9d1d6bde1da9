/**
 * What officers do with the ledger other than reading it: reviews, legal holds, and proposals to
 * prune.
 */
import { json, Router } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import type { Officer } from '../../officer/index.js'
import { holdOf, reviewOf } from '../query.js'
import { admit } from '../request.js'

const BODY = json({ limit: '4kb' })

export interface KeepingRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly officer: Pick<Officer, 'keeping'>
}

export function keepingRoutes({ gatekeeper, officer }: KeepingRouteRooms): Router {
  const { keeping } = officer
  const router = Router()

  router.get('/audit/review', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.review')
    response.json(await keeping.review(actor))
  })

  router.get('/audit/anomalies', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.review')
    response.json(await keeping.anomalies(actor))
  })

  router.post('/audit/review', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.review')
    response.status(201).json(await keeping.recordReview(actor, reviewOf(request)))
  })

  router.get('/audit/holds', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.hold')
    response.json({ holds: await keeping.holds(actor) })
  })

  router.post('/audit/holds', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.hold')
    response.status(201).json(await keeping.addHold(actor, holdOf(request)))
  })

  router.post('/audit/holds/:id/remove', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.hold')
    const { id } = request.params
    if (!ID_PATTERN.test(id)) throw new NocturneError('not_found')
    response.json(await keeping.removeHold(actor, id))
  })

  router.get('/audit/retention', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.prune')
    response.json(await keeping.planRetention(actor))
  })

  router.get('/audit/prune', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.prune')
    response.json(await keeping.planPruning(actor))
  })

  router.post('/audit/prune', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.prune')
    response.status(201).json(await keeping.proposePruning(actor))
  })

  return router
}
