/** The routes of the store transaction of STOW-RS, from request to answer. */
import { Router } from 'express'
import type { Request, Response } from 'express'
import type { Asker } from '../../../access/index.js'
import type { Wanted } from '../../../arrivals.js'
import type { SiteConfig } from '../../../config/index.js'
import type { Directory } from '../../../directory/index.js'
import { answerType, storeBody } from '../../../doors/stow/index.js'
import type { AnswerType, StoreAnswer, StoreParts } from '../../../doors/stow/index.js'
import type { UploadGate } from '../../../doors/upload-gate.js'
import { NocturneError } from '../../../lib/errors.js'
import { PRIORITIES } from '../../../protocol/priority.js'
import type { Metrics } from '../../metrics.js'
import { admit, facilityOf } from '../../request.js'
import { commitmentRoutes, sendDataSet } from './commitment.js'
import type { CommitmentRouteRooms } from './commitment.js'

export interface StowRouteRooms extends CommitmentRouteRooms {
  readonly directory: Pick<Directory, 'facility'>
  readonly site: { readonly config: Pick<SiteConfig, 'limits'> }
}

export interface StowParts {
  readonly rooms: StowRouteRooms
  readonly arrivals: StoreParts['arrivals']
  readonly gate: UploadGate
  readonly metrics: Pick<Metrics, 'item'>
}

export function stowRoutes({ rooms, arrivals, gate, metrics }: StowParts): Router {
  const { limits } = rooms.site.config
  const parts = { arrivals, limits, count: (outcome: string) => metrics.item(outcome) }
  const router = Router()
  const store = async (request: Request<{ study?: string }>, response: Response) => {
    const asker = await admit(rooms.gatekeeper, request, 'transfer.create')
    const type = answerType(request.headers.accept)
    if (type === undefined) throw new NocturneError('not_acceptable')
    const { isComplete, ...wanted } = wantedOf(rooms, asker, request)
    await gate.pass(facilityOf(asker), async (slot) => {
      if (wanted.priority !== undefined) slot.declare(wanted.priority)
      const sender = { actor: asker.actor, facility: facilityOf(asker), wanted }
      const answer = await storeBody(parts, sender, {
        octets: request,
        contentType: request.headers['content-type'],
        study: request.params.study,
        isComplete,
      })
      send(response, answer, type)
    })
  }
  router.post('/studies', store)
  router.post('/studies/:study', store)
  router.use(commitmentRoutes(rooms))
  return router
}

interface WantedStore extends Wanted {
  readonly isComplete: boolean
}

/**
 * Reads our own query parameters; DICOM defines none for this transaction.
 *
 * @throws NocturneError `bad_field`, `unknown_group`
 */
function wantedOf({ directory }: StowRouteRooms, asker: Asker, { query }: Request): WantedStore {
  const { group, priority, complete = 'false' } = query
  if (complete !== 'true' && complete !== 'false') throw new NocturneError('bad_field')
  const known = PRIORITIES.find((one) => one === priority)
  if (priority !== undefined && known === undefined) throw new NocturneError('bad_field')
  const groups = directory.facility(facilityOf(asker))?.groups ?? []
  const named = groups.find((one) => one === group)
  if (group !== undefined && named === undefined)
    throw new NocturneError('unknown_group', { subject: `its groups are ${groups.join(', ')}` })
  return {
    isComplete: complete === 'true',
    ...(named !== undefined && { group: named }),
    ...(known !== undefined && { priority: known }),
  }
}

function send(
  response: Response,
  { status, dataSet, warning }: StoreAnswer,
  type: AnswerType,
): void {
  response.status(status)
  if (status === 503) response.setHeader('Retry-After', '10')
  if (warning !== undefined) response.setHeader('Warning', `299 nocturne "${warning}"`)
  sendDataSet(response, type)(dataSet)
}
