/** Who can open a transfer: reading one's key packets, and adding or removing a recipient. */
import { Router, json } from 'express'
import type { RequestHandler } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import type { Deliveries } from '../../deliver/index.js'
import { addRecipientRequest, removeRecipientRequest } from '../../protocol/http/recipients.js'
import { parseBody } from '../parse.js'
import { admitToTransfer } from '../request.js'

export function recipientRoutes(rooms: {
  readonly gatekeeper: Gatekeeper
  readonly deliveries: Pick<Deliveries, 'ownPackets' | 'addRecipient' | 'removeRecipient'>
}): Router {
  const { gatekeeper, deliveries } = rooms
  const router = Router()

  router.get('/transfers/:id/key-packets', async (request, response) => {
    const { session, actor, transfer } = await admitToTransfer(gatekeeper, request, 'recipient.add')
    response.json(await deliveries.ownPackets({ principal: session.principal, actor }, transfer))
  })

  /**
   * Runs before a body that can be long is read, so that it is read only from a caller that may
   * send one.
   */
  const admitFirst: RequestHandler = async (request, _response, next) => {
    await admitToTransfer(gatekeeper, request, 'recipient.add')
    next()
  }

  router.post(
    '/transfers/:id/recipients',
    admitFirst,
    json({ limit: '8mb' }),
    async (request, response) => {
      const { session, actor, transfer } = await admitToTransfer(
        gatekeeper,
        request,
        'recipient.add',
      )
      const given = parseBody(addRecipientRequest, request)
      const asker = { principal: session.principal, actor }
      response.status(201).json(await deliveries.addRecipient(asker, transfer, given))
    },
  )

  router.post(
    '/transfers/:id/recipients/remove',
    json({ limit: '4kb' }),
    async (request, response) => {
      const { session, actor, transfer } = await admitToTransfer(
        gatekeeper,
        request,
        'recipient.remove',
      )
      const { recipient } = parseBody(removeRecipientRequest, request)
      const asker = { principal: session.principal, actor }
      response.json(await deliveries.removeRecipient(asker, transfer, recipient))
    },
  )

  return router
}
