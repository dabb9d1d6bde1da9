/**
 * What officers do with the ledger other than reading it: reviews, legal holds, and proposals to
 * prune.
 */
import { json, Router } from 'express'
import {
  addHold,
  planPruning,
  proposePruning,
  readHolds,
  removeHold,
} from '../../ledger/retention/index.js'
import { recordReview, reviewState } from '../../ledger/reviews/index.js'
import type { Actor } from '../../ledger/log/index.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Directory } from '../../directory/index.js'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import { pruneOptionsOf } from '../../officer/pruning.js'
import type { PruneRooms } from '../../officer/pruning.js'
import { holdOf, reviewOf } from '../query.js'
import { admit } from '../request.js'

const BODY = json({ limit: '4kb' })

export interface KeepingRouteRooms extends PruneRooms {
  readonly gatekeeper: Gatekeeper
  readonly directory: Pick<Directory, 'principal' | 'facility'>
}

export function keepingRoutes(rooms: KeepingRouteRooms): Router {
  const { gatekeeper, ledger, state, now, site } = rooms
  const router = Router()
  const { days } = site.config.ledger.review
  const review = () => reviewState(state.db, days, now())
  /** Reading the ledger is recorded in it, whatever the form. */
  const noteRead = (actor: Actor, what: string) =>
    ledger.note({ type: 'ledger.read', outcome: 0, actor, detail: { what } })

  router.get('/audit/review', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.review')
    await noteRead(actor, 'review')
    response.json(await review())
  })

  router.post('/audit/review', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.review')
    const { index } = await recordReview(ledger, actor, reviewOf(request))
    response.status(201).json({ ...(await review()), receipt: await ledger.proof(index) })
  })

  router.get('/audit/holds', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.hold')
    await noteRead(actor, 'holds')
    response.json({ holds: (await readHolds(state.db)).map(shownHold) })
  })

  router.post('/audit/holds', BODY, async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.hold')
    const scope = holdOf(request)
    // Unknown IDs are not recorded; the ID of a person who has left is in the ledger already.
    for (const column of ['actor', 'facility'] as const) {
      const id = scope[column]
      if (id !== undefined && !(await isKnown(rooms, column, id)))
        throw new NocturneError('not_found')
    }
    const { id, index } = await addHold(ledger, actor, scope)
    response.status(201).json({ id, receipt: await ledger.proof(index) })
  })

  router.post('/audit/holds/:id/remove', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.hold')
    const { id } = request.params
    if (!ID_PATTERN.test(id)) throw new NocturneError('not_found')
    const { index } = await removeHold(ledger, actor, id)
    response.json({ id, receipt: await ledger.proof(index) })
  })

  router.get('/audit/prune', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.prune')
    await noteRead(actor, 'prune')
    response.json(await planPruning(pruneOptionsOf(rooms)))
  })

  router.post('/audit/prune', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'audit.prune')
    const { plan, index } = await proposePruning(pruneOptionsOf(rooms), actor)
    response.status(201).json({ ...plan, receipt: await ledger.proof(index) })
  })

  return router
}

/** Whether the ID is in the configuration or already in the ledger. */
async function isKnown(
  { directory, ledger }: KeepingRouteRooms,
  column: 'actor' | 'facility',
  id: string,
): Promise<boolean> {
  if (directory.principal(id) || directory.facility(id)) return true
  return (await ledger.query({ [column]: id, limit: 1 })).rows.length > 0
}

const shownHold = ({ from, until, ...hold }: Awaited<ReturnType<typeof readHolds>>[number]) => ({
  ...hold,
  ...(from !== undefined && { from: new Date(from).toISOString() }),
  ...(until !== undefined && { until: new Date(until).toISOString() }),
})
