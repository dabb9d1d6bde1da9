/** Quarantine: listing a facility's held items, reading them, and deciding about them. */
import { Router, json } from 'express'
import { discardRequest } from '../../protocol/http/facility.js'
import { NocturneError } from '../../lib/errors.js'
import type { Metrics } from '../metrics.js'
import { parseBody } from '../parse.js'
import { quarantinePageOf } from '../query.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Limits } from '../../config/index.js'
import type { BeginUpload } from '../../transfer.js'
import type { Transfer, Transfers, UploadTarget } from '../../transfer/index.js'
import { receiveForm } from '../../doors/form/form.js'
import type { FormFields } from '../../doors/form/form.js'
import type { UploadGate } from '../../doors/upload-gate.js'
import { admit, admitToTransfer, facilityOf, indexOf } from '../request.js'
import { describeMessage, sendSealed } from '../send-sealed.js'
import { answerUpload } from '../upload-answer.js'

const RELEASE_FIELDS: ReadonlyMap<string, number> = new Map([
  ['statement', 2_000],
  ['signature', 16_384],
])

/** Sized for 2,000 items. */
const RELEASES_FIELDS: ReadonlyMap<string, number> = new Map([
  ['statement', 600_000],
  ['signature', 16_384],
])

export interface QuarantineRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly transfers: Pick<Transfers, 'quarantine'>
  readonly beginUpload: BeginUpload
  readonly site: { readonly config: { readonly limits: Limits } }
}

export function quarantineRoutes(
  rooms: QuarantineRouteRooms,
  metrics: Metrics,
  gate: UploadGate,
): Router {
  const { gatekeeper, beginUpload } = rooms
  const { quarantine } = rooms.transfers
  const router = Router()

  router.get('/quarantine', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'quarantine.list')
    const page = quarantinePageOf(request)
    await gatekeeper.noteListing(asker.actor, 'quarantine')
    response.json(await quarantine.list(facilityOf(asker), page))
  })

  router.head('/transfers/:id/quarantine/:index', async (request, response) => {
    const { transfer } = await admitToTransfer(gatekeeper, request, 'quarantine.read')
    const held = await quarantine.find(transfer, indexOf(request))
    if (held.state !== 'held') throw new NocturneError('quarantine_not_held')
    describeMessage(response, held.size)
    response.end()
  })

  router.get('/transfers/:id/quarantine/:index', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'quarantine.read')
    const held = await quarantine.find(transfer, indexOf(request))
    await sendSealed(response, await quarantine.read(actor, held))
  })

  router.post(
    '/transfers/:id/quarantine/:index/discard',
    json({ limit: '4kb' }),
    async (request, response) => {
      const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'quarantine.discard')
      const { reason } = parseBody(discardRequest, request)
      const held = await quarantine.find(transfer, indexOf(request))
      response.json(await quarantine.discard(actor, held, reason))
    },
  )

  // The original in plaintext, as in any upload. Its statement comes first, so that it is checked
  // before any byte is processed.
  router.post('/transfers/:id/quarantine/:index/release', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'quarantine.release')
    const held = await quarantine.find(transfer, indexOf(request))
    const limits = { ...rooms.site.config.limits, requestItems: 1, fields: RELEASE_FIELDS }
    await gate.pass(async () => {
      const wantedOf = async ({ statement = '', signature = '' }: FormFields) =>
        wantedRelease(
          actor,
          transfer,
          await quarantine.checkRelease(held, { statement, signature }),
        )
      const upload = await receiveForm(beginUpload, request, wantedOf, limits)
      answerUpload(response, upload, metrics)
    })
  })

  // Many originals in the order of one statement; `:id` is the transfer that the new one continues.
  router.post('/transfers/:id/quarantine/release', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'quarantine.release')
    const limits = { ...rooms.site.config.limits, fields: RELEASES_FIELDS }
    await gate.pass(async () => {
      const wantedOf = async ({ statement = '', signature = '' }: FormFields) =>
        wantedRelease(
          actor,
          transfer,
          await quarantine.checkReleases(transfer, { statement, signature }),
        )
      const upload = await receiveForm(beginUpload, request, wantedOf, limits)
      answerUpload(response, upload, metrics)
    })
  })

  return router
}

/** A new transfer, complete at once, which continues the one whose items were held. */
const wantedRelease = (
  actor: UploadTarget['actor'],
  { id, facility, group, priority }: Transfer,
  release: NonNullable<UploadTarget['release']>,
) => ({
  complete: true,
  target: { ...{ actor, facility, group, priority, release }, continues: id },
})
