/**
 * The way back from pseudonyms, sealed as it is stored: for the facility, whose key alone opens it.
 */
import { Router } from 'express'
import { NocturneError } from '../../lib/errors.js'
import { ID_PATTERN } from '../../lib/ids.js'
import type { Door } from '../door.js'
import { transferPageOf } from '../query.js'
import { admit } from '../request.js'
import { describeMessage, sendSealed } from '../send-sealed.js'
import { facilityOf } from './transfers.js'

export function crosswalkRoutes(door: Door): Router {
  const { crosswalks } = door.rooms.transfers
  const router = Router()

  router.get('/crosswalk', async (request, response) => {
    const asker = await admit(door, request, 'crosswalk.read')
    const page = transferPageOf(request)
    await door.noteListing(asker.actor, 'crosswalks')
    response.json(await crosswalks.list(facilityOf(asker), page))
  })

  // Express would answer HEAD by reading the object, and the ledger would tell of a reading.
  router.head('/crosswalk/:id', async (request, response) => {
    const asker = await admit(door, request, 'crosswalk.read')
    describeMessage(response, await crosswalks.size(facilityOf(asker), idOf(request.params)))
    response.end()
  })

  router.get('/crosswalk/:id', async (request, response) => {
    const asker = await admit(door, request, 'crosswalk.read')
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
