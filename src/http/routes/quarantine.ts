/** Quarantine: listing a facility's held items, reading them, and deciding about them. */
import { Router, json } from 'express'
import type { Request, Response } from 'express'
import { discardRequest, discardsRequest } from '../../protocol/http/facility.js'
import { NocturneError } from '../../lib/errors.js'
import type { Metrics } from '../metrics.js'
import { parseBody } from '../parse.js'
import { quarantinePageOf } from '../query.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Limits } from '../../config/index.js'
import type { Actor } from '../../ledger/log/index.js'
import type { BeginUpload } from '../../transfer.js'
import type { Transfer, Transfers, UploadAnswer, UploadTarget } from '../../transfer/index.js'
import { receiveForm } from '../../doors/form/index.js'
import type { FormLimits } from '../../doors/form/index.js'
import type { UploadGate } from '../../doors/upload-gate.js'
import { admit, admitToTransfer, facilityOf, indexOf } from '../request.js'
import { describeMessage, sendSealed } from '../send-sealed.js'
import { answerKnown, uploadKeyOf } from '../upload-key.js'
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
  readonly transfers: Pick<Transfers, 'quarantine' | 'upload'>
  readonly beginUpload: BeginUpload
  readonly site: { readonly config: { readonly limits: Limits } }
}

export function quarantineRoutes(
  rooms: QuarantineRouteRooms,
  metrics: Metrics,
  gate: UploadGate,
): Router {
  const router = Router()
  addReading(router, rooms)
  addDiscard(router, rooms)
  addReleases(router, rooms, async (request, response, facility, work) => {
    const key = uploadKeyOf(request)
    if (await answerKnown(rooms.transfers, facility, key, response, metrics)) return
    await gate.pass(facility, async () => answerUpload(response, await work(key), metrics))
  })
  return router
}

function addReading(
  router: Router,
  { gatekeeper, transfers: { quarantine } }: QuarantineRouteRooms,
): void {
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
}

function addDiscard(
  router: Router,
  { gatekeeper, transfers: { quarantine } }: QuarantineRouteRooms,
): void {
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

  router.post(
    '/transfers/:id/quarantine/discard',
    json({ limit: '400kb' }),
    async (request, response) => {
      const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'quarantine.discard')
      const signed = parseBody(discardsRequest, request)
      response.json(await quarantine.discardSigned(actor, transfer, signed))
    },
  )
}

type Release = NonNullable<UploadTarget['release']>

/** A request repeated under the same key gets the same answer again. */
type AnswerOnce = (
  request: Request,
  response: Response,
  facility: string,
  work: (key: UploadTarget['key']) => Promise<UploadAnswer>,
) => Promise<void>

/**
 * The originals arrive in plaintext, as in any upload, after their statement, so that the statement
 * is checked before any byte is processed.
 */
function addReleases(
  router: Router,
  { gatekeeper, transfers: { quarantine }, beginUpload, site }: QuarantineRouteRooms,
  answer: AnswerOnce,
): void {
  const { limits } = site.config
  const receive = (
    request: Request,
    { actor, transfer, key }: Asking,
    bounds: FormLimits,
    check: (signed: Signed) => Promise<Release>,
  ) =>
    receiveForm(
      beginUpload,
      request,
      async ({ statement = '', signature = '' }) =>
        wantedRelease(actor, transfer, await check({ statement, signature }), key),
      bounds,
    )

  router.post('/transfers/:id/quarantine/:index/release', async (request, response) => {
    const asker = await admitToTransfer(gatekeeper, request, 'quarantine.release')
    const held = await quarantine.find(asker.transfer, indexOf(request))
    const bounds = { ...limits, requestItems: 1, fields: RELEASE_FIELDS }
    const { actor, transfer } = asker
    await answer(request, response, transfer.facility, (key) =>
      receive(request, { actor, transfer, key }, bounds, (signed) =>
        quarantine.checkRelease(held, signed),
      ),
    )
  })

  // Many originals in the order of one statement; `:id` is the transfer that the new one continues.
  router.post('/transfers/:id/quarantine/release', async (request, response) => {
    const asker = await admitToTransfer(gatekeeper, request, 'quarantine.release')
    const bounds = { ...limits, fields: RELEASES_FIELDS }
    const { actor, transfer } = asker
    await answer(request, response, transfer.facility, (key) =>
      receive(request, { actor, transfer, key }, bounds, (signed) =>
        quarantine.checkReleases(transfer, signed),
      ),
    )
  })
}

interface Asking {
  readonly actor: Actor
  readonly transfer: Transfer
  readonly key: UploadTarget['key']
}

interface Signed {
  readonly statement: string
  readonly signature: string
}

/** A new transfer, complete at once, that continues the one whose items were held. */
const wantedRelease = (
  actor: Actor,
  { id, facility, group, priority, profile }: Transfer,
  release: Release,
  key: UploadTarget['key'],
) => ({
  complete: true,
  target: {
    ...{ actor, facility, group, priority, release },
    continues: id,
    ...(profile !== undefined && { profile }),
    ...(key && { key }),
  },
})
