/** Who can open a transfer: my key packets, one recipient more, one less. */
import { Router, json } from 'express'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { NocturneError } from '../../lib/errors.js'
import type { Door } from '../door.js'
import { admitToTransfer } from '../request.js'

const PRINCIPAL = z.string().min(1).max(64)
const ADDED = z.strictObject({
  recipient: PRINCIPAL,
  fingerprint: z.string().regex(/^[0-9a-f]{40,64}$/),
  packets: z
    .array(z.strictObject({ envelope: z.string().max(64), packet: z.base64().max(6_000) }))
    .min(1)
    .max(10_000),
})
const REMOVED = z.strictObject({ recipient: PRINCIPAL })

export function recipientRoutes(door: Door): Router {
  const { deliveries } = door.rooms
  const router = Router()

  router.get('/transfers/:id/key-packets', async (request, response) => {
    const { session, actor, transfer } = await admitToTransfer(door, request, 'recipient.add')
    response.json(await deliveries.ownPackets({ principal: session.principal, actor }, transfer))
  })

  /** In front of a body that can be long: it is read only for who may send one. */
  const admitFirst: RequestHandler = async (request, _response, next) => {
    await admitToTransfer(door, request, 'recipient.add')
    next()
  }

  router.post(
    '/transfers/:id/recipients',
    admitFirst,
    json({ limit: '8mb' }),
    async (request, response) => {
      const { session, actor, transfer } = await admitToTransfer(door, request, 'recipient.add')
      const given = ADDED.safeParse(request.body)
      if (!given.success) throw new NocturneError('key_packets_invalid', { cause: given.error })
      const asker = { principal: session.principal, actor }
      response.status(201).json(await deliveries.addRecipient(asker, transfer, given.data))
    },
  )

  router.post(
    '/transfers/:id/recipients/remove',
    json({ limit: '4kb' }),
    async (request, response) => {
      const { session, actor, transfer } = await admitToTransfer(door, request, 'recipient.remove')
      const given = REMOVED.safeParse(request.body)
      if (!given.success) throw new NocturneError('bad_request', { cause: given.error })
      const asker = { principal: session.principal, actor }
      response.json(await deliveries.removeRecipient(asker, transfer, given.data.recipient))
    },
  )

  return router
}
