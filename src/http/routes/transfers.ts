/** Sending: open a transfer, add to it, complete it, follow it. */
import { Router } from 'express'
import { NocturneError } from '../../lib/errors.js'
import type { Gatekeeper } from '../../access/index.js'
import type { Limits } from '../../config/index.js'
import type { Directory } from '../../directory/index.js'
import type { Priority } from '../../state/index.js'
import type { CaseTable } from '../../state/night/index.js'
import { receiveForm } from '../../doors/form/index.js'
import type { FormFields } from '../../doors/form/index.js'
import type { Cases } from '../../cases/index.js'
import type { BeginUpload } from '../../transfer.js'
import type { Transfer, Transfers, UploadTarget } from '../../transfer/index.js'
import { PRIORITIES } from '../../protocol/priority.js'
import type { Metrics } from '../metrics.js'
import { pageOf } from '../query.js'
import { admit, admitToTransfer, facilityOf } from '../request.js'
import { answerKnown, uploadKeyOf } from '../upload-key.js'
import { answerUpload } from '../upload-answer.js'
import type { UploadGate } from '../../doors/upload-gate.js'

export interface TransferRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly transfers: Pick<Transfers, 'page' | 'views' | 'complete' | 'upload'>
  readonly cases: Pick<Cases, 'find'>
  readonly directory: Pick<Directory, 'facility'>
  readonly beginUpload: BeginUpload
  readonly site: { readonly config: { readonly limits: Limits } }
}

export function transferRoutes(
  rooms: TransferRouteRooms,
  metrics: Metrics,
  gate: UploadGate,
): Router {
  const { gatekeeper, transfers, beginUpload } = rooms
  const { limits } = rooms.site.config
  const router = Router().use(followingRoutes(rooms))

  router.post('/transfers', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'transfer.create')
    const facility = facilityOf(asker)
    const key = uploadKeyOf(request)
    if (await answerKnown(transfers, facility, key, response, metrics)) return
    await gate.pass(facility, async (slot) => {
      const wantedOf = async (fields: FormFields) => {
        const target = await newTargetOf(rooms, asker.actor, facility, fields)
        slot.declare(target.priority)
        const complete = flagOf(fields, 'complete', 'true')
        return { complete, target: { ...target, ...(key && { key }) } }
      }
      const upload = await receiveForm(beginUpload, request, wantedOf, limits)
      answerUpload(response, upload, metrics)
    })
  })

  router.post('/transfers/:id/items', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'transfer.add')
    const key = uploadKeyOf(request)
    if (await answerKnown(transfers, transfer.facility, key, response, metrics)) return
    await gate.pass(transfer.facility, async (slot) => {
      slot.declare(transfer.priority)
      const target = { ...targetOf(actor, transfer), ...(key && { key }) }
      const wanted = { complete: false, target }
      const upload = await receiveForm(beginUpload, request, () => wanted, limits)
      answerUpload(response, upload, metrics)
    })
  })

  router.post('/transfers/:id/complete', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(gatekeeper, request, 'transfer.complete')
    response.json(await transfers.complete(actor, { ...transfer, isAsked: true }))
  })

  return router
}

/** What became of an upload or a transfer. */
function followingRoutes({
  gatekeeper,
  transfers,
}: Pick<TransferRouteRooms, 'gatekeeper' | 'transfers'>): Router {
  const router = Router()

  router.get('/uploads/:key', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'transfer.create')
    const { key } = request.params
    const known = await transfers.upload(facilityOf(asker), key)
    if (!known) throw new NocturneError('not_found')
    response.json({
      transfer: known.transfer,
      state: known.answer ? 'done' : 'receiving',
      ...(known.answer && { answer: known.answer }),
    })
  })

  router.get('/transfers', async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'transfer.list')
    const page = pageOf(request)
    await gatekeeper.noteListing(actor, 'transfers')
    const { role, facility = '', groups } = session.principal
    const scope = role === 'sender' ? { facility } : role === 'reader' ? { groups } : {}
    const { transfers: found, next } = await transfers.page(scope, page)
    response.json({ transfers: await transfers.views(found), ...(next && { next }) })
  })

  router.get('/transfers/:id', async (request, response) => {
    const { transfer } = await admitToTransfer(gatekeeper, request, 'transfer.read')
    const [view] = await transfers.views([transfer])
    response.json(view)
  })

  return router
}

/**
 * The transfer that the form fields request.
 * @throws NocturneError `not_found`, `group_not_named`, `unknown_group`, `bad_field`
 */
async function newTargetOf(
  { cases, directory }: Pick<TransferRouteRooms, 'cases' | 'directory'>,
  actor: UploadTarget['actor'],
  facility: string,
  fields: FormFields,
) {
  const joined = await joinedCase(cases, facility, fields.case)
  return {
    actor,
    facility,
    group: groupOf(directory, facility, fields.group ?? joined?.group_id),
    priority: priorityOf(fields.priority ?? joined?.priority),
    ...(joined && { case: joined.id }),
    missing: missingOf(fields),
    again: flagOf(fields, 'again', 'false'),
  }
}

/**
 * A case of the facility. A case of another facility gets the same answer as one that does not
 * exist.
 *
 * @throws NocturneError `not_found`
 */
async function joinedCase(
  cases: Pick<Cases, 'find'>,
  facility: string,
  name: string | undefined,
): Promise<CaseTable | undefined> {
  if (name === undefined) return undefined
  const row = await cases.find(name)
  if (row?.facility !== facility) throw new NocturneError('not_found')
  return row
}

/** The named group, or the facility's only one. */
function groupOf(
  directory: Pick<Directory, 'facility'>,
  facility: string,
  named: string | undefined,
): string {
  const groups = directory.facility(facility)?.groups ?? []
  const group = named ?? (groups.length === 1 ? groups[0] : undefined)
  const told = { field: 'group', subject: `its groups are ${groups.join(', ')}` }
  if (group === undefined) throw new NocturneError('group_not_named', told)
  if (!groups.includes(group)) throw new NocturneError('unknown_group', told)
  return group
}

function priorityOf(priority = 'routine'): Priority {
  const found = PRIORITIES.find((known) => known === priority)
  if (!found) throw new NocturneError('bad_field', { field: 'priority' })
  return found
}

function missingOf({ missing = '0' }: FormFields): number {
  if (!/^\d{1,7}$/.test(missing)) throw new NocturneError('bad_field', { field: 'missing' })
  return Number(missing)
}

function flagOf(
  fields: FormFields,
  field: 'complete' | 'again',
  otherwise: 'true' | 'false',
): boolean {
  const value = fields[field] ?? otherwise
  if (value !== 'true' && value !== 'false') throw new NocturneError('bad_field', { field })
  return value === 'true'
}

const targetOf = (actor: UploadTarget['actor'], transfer: Transfer) => ({
  actor,
  facility: transfer.facility,
  group: transfer.group,
  priority: transfer.priority,
  transfer: transfer.id,
})
