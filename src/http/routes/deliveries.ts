/** Reading: inbox, fetch, acknowledge. */
import type { Request, Response } from 'express'
import { Router, json } from 'express'
import { acknowledgementRequest } from '../../protocol/http/transfers.js'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { Gatekeeper } from '../../access/index.js'
import type { Cases } from '../../cases/index.js'
import { criticalView } from '../../critical/index.js'
import type { Critical } from '../../critical/index.js'
import type { Deliveries, Download, Reader } from '../../deliver/index.js'
import type { CertificateWarnings } from '../../site/index.js'
import type { Limits } from '../../config/index.js'
import { DownloadGate } from '../clients/download-gate.js'
import { parseBody } from '../parse.js'
import { rangeOf } from '../range.js'
import { admit, admitToTransfer, indexOf } from '../request.js'
import { describeMessage } from '../send-sealed.js'
import type { Action } from '../../access/index.js'

export interface DeliveryRouteRooms {
  readonly site: { readonly config: { readonly limits: Pick<Limits, 'downloads'> } }
  readonly gatekeeper: Gatekeeper
  readonly cases: Pick<Cases, 'worklist'>
  readonly critical: Pick<Critical, 'list'>
  readonly deliveries: Deliveries
  readonly certificateWarnings: Pick<CertificateWarnings, 'of'>
}

export function deliveryRoutes(rooms: DeliveryRouteRooms): Router {
  const { gatekeeper, cases, critical, deliveries, certificateWarnings } = rooms
  const gate = new DownloadGate(rooms.site.config.limits.downloads)
  /** Counts until the last byte was read. */
  const send = (reader: Reader, response: Response, fetch: () => Promise<Download>) =>
    gate.pass(reader.principal.id, async () => sendDownload(response, await fetch()))
  const router = Router()

  const readerOf = async (request: Request, action: Action) => {
    const { session, actor, transfer } = await admitToTransfer(gatekeeper, request, action)
    return { reader: { principal: session.principal, actor }, transfer }
  }

  router.get('/inbox', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'inbox.read')
    await gatekeeper.noteListing(actor, 'inbox')
    const transfers = await deliveries.inbox({ principal: session.principal, actor })
    const { groups } = session.principal
    const worklist = await cases.worklist(groups)
    // Whatever has become of their cases.
    const open = await critical.list({ groups, isOpen: true })
    const warnings = await certificateWarnings.of(session.principal.id)
    response.json({ transfers, cases: worklist, critical: open.map(criticalView), warnings })
  })

  router.post('/transfers/:id/acknowledge', json({ limit: '32kb' }), async (request, response) => {
    const { reader, transfer } = await readerOf(request, 'transfer.acknowledge')
    const given = parseBody(acknowledgementRequest, request)
    response.json(await deliveries.acknowledge(reader, transfer, given))
  })

  // Express would answer HEAD by reading the object and discarding it, and the ledger would record
  // a download.
  router.head('/transfers/:id/manifest', async (request, response) => {
    const { reader, transfer } = await readerOf(request, 'manifest.read')
    describeSealed(response, await deliveries.describe(reader, transfer, 0))
  })

  router.head('/transfers/:id/items/:index', async (request, response) => {
    const { reader, transfer } = await readerOf(request, 'item.read')
    describeSealed(response, await deliveries.describe(reader, transfer, indexOf(request)))
  })

  router.get('/transfers/:id/manifest', async (request, response) => {
    const { reader, transfer } = await readerOf(request, 'manifest.read')
    const range = rangeOf(request)
    await send(reader, response, () => deliveries.fetch(reader, transfer, { index: 0, range }))
  })

  router.get('/transfers/:id/items/:index', async (request, response) => {
    const { reader, transfer } = await readerOf(request, 'item.read')
    const index = indexOf(request)
    const range = rangeOf(request)
    await send(reader, response, () => deliveries.fetch(reader, transfer, { index, range }))
  })

  return router
}

function describeSealed(response: Response, { size, etag }: Pick<Download, 'size' | 'etag'>): void {
  describeMessage(response, size)
  response.set({ 'Accept-Ranges': 'bytes', 'Cache-Control': 'private, no-store', ETag: etag }).end()
}

async function sendDownload(response: Response, download: Download): Promise<void> {
  const { size, etag, range, event, bytes } = download
  const length = range ? range.end - range.start + 1 : size
  response.status(range ? 206 : 200).set({
    'Content-Type': 'application/pgp-encrypted',
    'Content-Length': String(length),
    'Content-Disposition': 'attachment',
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-store',
    ETag: etag,
    'Nocturne-Event': String(event),
    ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` }),
  })
  try {
    await pipeline(Readable.from(bytes, { objectMode: false, highWaterMark: 1 << 18 }), response)
  } catch (error) {
    // A reader that disconnects is not an error; the ledger records what was sent.
    if (!response.destroyed) throw error
  }
}
