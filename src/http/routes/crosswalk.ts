/**
 * The crosswalk from pseudonyms to original identifiers, as stored: sealed to the facility, whose
 * key alone opens it.
 */
import { Router } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import type { Transfers } from '../../transfer/index.js'
import { transferPageOf } from '../query.js'
import { admit, facilityOf } from '../request.js'
import { describeMessage, sendSealed } from '../send-sealed.js'

export function crosswalkRoutes(rooms: {
  readonly gatekeeper: Gatekeeper
  readonly transfers: Pick<Transfers, 'crosswalks'>
}): Router {
  const { gatekeeper } = rooms
  const { crosswalks } = rooms.transfers
  const router = Router()

  router.get('/crosswalk', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'crosswalk.read')
    const page = transferPageOf(request)
    await gatekeeper.noteListing(asker.actor, 'crosswalks')
    response.json(await crosswalks.list(facilityOf(asker), page))
  })

  // Express would answer HEAD by reading the object, and the ledger would record a read.
  router.head('/crosswalk/:id', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'crosswalk.read')
    describeMessage(response, await crosswalks.size(facilityOf(asker), idOf(request.params)))
    response.end()
  })

  router.get('/crosswalk/:id', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'crosswalk.read')
    const id = idOf(request.params)
    await sendSealed(response, await crosswalks.read(asker.actor, facilityOf(asker), id))
  })

  return router
}

/** @throws NocturneError `not_found` */
function idOf({ id }: { readonly id: string }): string {
  if (!ID_PATTERN.test(id)) throw new NocturneError('not_found')
  return id
}
