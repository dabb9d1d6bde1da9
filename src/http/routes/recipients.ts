/** Who can open a transfer: reading one's key packets, and adding or removing a recipient. */
import { Router, json } from 'express'
import type { RequestHandler, Response } from 'express'
import { createHash } from 'node:crypto'
import type { AskerOfTransfer, Gatekeeper } from '../../access/index.js'
import type { Cases, Proofs } from '../../cases/index.js'
import type { Deliveries } from '../../deliver/index.js'
import type { Directory } from '../../directory/index.js'
import { NocturneError } from '../../lib/errors.js'
import { proofOf } from '../../protocol/case-requests.js'
import type { RecipientAddition } from '../../protocol/recipient-statement.js'
import type { Transfers } from '../../transfer/index.js'
import { openableOf } from '../openable.js'
import { sendProblem } from '../problem.js'
import { addRecipientRequest, removeRecipientRequest } from '../../protocol/http/recipients.js'
import type { AddRecipientRequest } from '../../protocol/http/recipients.js'
import { parseBody } from '../parse.js'
import { admitToTransfer } from '../request.js'

export interface RecipientRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly deliveries: Pick<Deliveries, 'ownPackets' | 'addRecipient' | 'removeRecipient'>
  readonly cases: Pick<Cases, 'find'>
  readonly proofs: Proofs
  readonly transfers: Pick<Transfers, 'openableBy'>
  readonly directory: Pick<Directory, 'certificates'>
}

export function recipientRoutes(rooms: RecipientRouteRooms): Router {
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
      if (await isProven(rooms, response, { session, actor, transfer }, given))
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

/**
 * Whether the request proves that the asker can open the transfer, for exactly the packets in it.
 * If it has no proof, a challenge is sent.
 *
 * @throws NocturneError `recipient_unproven`, `challenge_invalid`, `transfer_not_available`
 */
async function isProven(
  rooms: RecipientRouteRooms,
  response: Response,
  { session, actor, transfer }: AskerOfTransfer,
  given: AddRecipientRequest,
): Promise<boolean> {
  const row = await rooms.cases.find(transfer.id)
  if (!row) throw new NocturneError('transfer_not_available')
  const { id } = session.principal
  const openable = await openableOf(rooms, id, row, [transfer.id])
  const addition = additionOf(given)
  const proof = proofOf(given)
  if (!proof) {
    const challenge = await rooms.proofs.challenge(id, openable, addition)
    const error = new NocturneError('recipient_unproven')
    sendProblem(response, error, { challenge: { ...challenge } })
    return false
  }
  try {
    rooms.proofs.check(id, openable, proof, addition)
  } catch (error) {
    await rooms.gatekeeper.refuse(actor, 'recipient.add', 'unproven', transfer.id)
    throw error
  }
  return true
}

const additionOf = ({
  recipient,
  fingerprint,
  packets,
}: AddRecipientRequest): RecipientAddition => ({
  recipient,
  fingerprint,
  packets: packets.map(({ envelope, packet }) => ({
    envelope,
    sha256: createHash('sha256').update(Buffer.from(packet, 'base64')).digest('hex'),
  })),
})
