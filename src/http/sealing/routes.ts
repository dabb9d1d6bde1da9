/** What edges send that they sealed at their facility: the gateway stores it and cannot open it. */
import { Router, json } from 'express'
import type { Request, RequestHandler } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import type { FacilityConfig, SiteConfig } from '../../config/index.js'
import type { Directory } from '../../directory/index.js'
import { paced } from '../../doors/stow/index.js'
import type { UploadGate } from '../../doors/upload-gate.js'
import { NocturneError } from '../../lib/errors.js'
import { sealedRequest } from '../../protocol/sealing/http.js'
import type { SealingAnswer } from '../../protocol/sealing/http.js'
import type { Transfers } from '../../transfer/index.js'
import type { Metrics } from '../metrics.js'
import { parseBody } from '../parse.js'
import { admit, admitToTransfer, facilityOf, numberOf } from '../request.js'

export interface SealedRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly transfers: Pick<Transfers, 'sealed'>
  readonly beginSealed: Transfers['sealed']['begin']
  readonly directory: Pick<Directory, 'facility'>
  readonly site: { readonly config: Pick<SiteConfig, 'limits' | 'keys'> }
}

export function sealedRoutes(
  rooms: SealedRouteRooms,
  metrics: Pick<Metrics, 'item'>,
  gate: UploadGate,
): Router {
  const { gatekeeper } = rooms
  const { sealed } = rooms.transfers
  const { limits } = rooms.site.config
  const router = Router()

  const senderOf = async (request: Request) => {
    const asker = await admit(gatekeeper, request, 'transfer.create')
    return { actor: asker.actor, facility: facilityOf(asker) }
  }
  /** A long body is read only from a caller that may send one. */
  const admitFirst: RequestHandler = async (request, _response, next) => {
    await senderOf(request)
    next()
  }

  router.get('/sealing', async (request, response) => {
    const { actor, facility } = await senderOf(request)
    const about = await sealed.tell({ id: actor.id, facility })
    response.json({ ...about, rules: rulesOf(rooms, facility) })
  })

  router.post('/sealed', admitFirst, json({ limit: '32mb' }), async (request, response) => {
    const sender = await senderOf(request)
    response.json(await rooms.beginSealed(sender, parseBody(sealedRequest, request)))
  })

  router.post('/sealed/:id/items/:index', async (request, response) => {
    const sender = await senderOf(request)
    const { id: transfer } = request.params
    const index = numberOf(request.params.index)
    await gate.pass(sender.facility, async () => {
      const octets = paced(request, limits.idleSeconds * 1_000, limits.slowestBytes)
      const stored = await sealed.take(sender, { transfer, index, octets })
      if (index > 0) metrics.item('accepted')
      response.json(stored)
    })
  })

  router.post('/sealed/:id/complete', async (request, response) => {
    response.json(await sealed.complete(await senderOf(request), request.params.id))
  })

  router.get('/transfers/:id/sealer', async (request, response) => {
    const { transfer } = await admitToTransfer(gatekeeper, request, 'transfer.read')
    response.json(await sealed.sealer(transfer.id))
  })

  return router
}

/** How the facility's instances are de-identified, for the same code at the facility. */
function rulesOf(
  { directory, site }: Pick<SealedRouteRooms, 'directory' | 'site'>,
  facility: string,
): SealingAnswer['rules'] {
  const found: FacilityConfig | undefined = directory.facility(facility)
  if (!found) throw new NocturneError('edge_unknown')
  const { profile, documents, documentTypes, encryptedAttributes } = found
  return {
    profile: { ...profile },
    documents,
    ...(documentTypes && { documentTypes: [...documentTypes] }),
    ...(encryptedAttributes && { encryptedAttributes: [...encryptedAttributes] }),
    keys: { ...site.config.keys },
  }
}
