/**
 * Receipts for what a principal did with a transfer, for that principal only. They reveal no other
 * events, so reading them is not an event.
 */
import { Router } from 'express'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Gatekeeper } from '../../access/index.js'
import type { Deliveries } from '../../deliver/index.js'
import { exportLedger } from '../../ledger/export/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import { admitToTransfer, numberOf } from '../request.js'

export function receiptRoutes(rooms: {
  readonly gatekeeper: Gatekeeper
  readonly ledger: Ledger
  readonly deliveries: Pick<Deliveries, 'untilEnded'>
}): Router {
  const { gatekeeper, ledger, deliveries } = rooms
  const router = Router()

  router.get('/transfers/:id/receipts', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'receipt.read')
    await deliveries.untilEnded(actor.id, transfer.id)
    const events = exportLedger(ledger, { actor: actor.id, transfer: transfer.id })
    response.type('application/x-ndjson')
    await pipeline(Readable.from(events), response)
  })

  router.get('/transfers/:id/receipts/:index', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'receipt.read')
    const index = numberOf(request.params.index)
    const own = { actor: actor.id, transfer: transfer.id, start: index, end: index + 1 }
    const { rows } = await ledger.query(own)
    if (rows.length === 0) {
      await gatekeeper.refuse(actor, 'receipt.read', 'not their event', transfer.id)
      throw new NocturneError('not_found')
    }
    response.type('text/plain').send(await ledger.proof(index))
  })

  return router
}
