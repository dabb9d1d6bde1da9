/** Sending: open a transfer, add to it, complete it, follow it. */
import { Router } from 'express'
import { NocturneError } from '../../lib/errors.js'
import type { Directory } from '../../directory/index.js'
import type { Priority } from '../../state/index.js'
import type { CaseTable } from '../../state/night/index.js'
import type { Rooms } from '../../rooms.js'
import type { Transfer, UploadTarget } from '../../transfer/index.js'
import { PRIORITIES } from '../../protocol/http/transfers.js'
import type { Door } from '../door.js'
import type { Metrics } from '../metrics.js'
import { pageOf } from '../query.js'
import { admit, admitToTransfer } from '../request.js'
import type { Asker } from '../request.js'
import type { UploadFields } from '../../doors/form/upload.js'
import { answerUpload, receiveUpload } from '../../doors/form/uploads.js'
import type { UploadGate } from '../../doors/form/uploads.js'

export function transferRoutes(door: Door, metrics: Metrics, gate: UploadGate): Router {
  const { rooms } = door
  const { transfers } = rooms
  const router = Router()

  router.post('/transfers', async (request, response) => {
    const asker = await admit(door, request, 'transfer.create')
    const facility = facilityOf(asker)
    await gate.pass(async () => {
      const upload = await receiveUpload(door, request, async (fields) => {
        const joined = await joinedCase(rooms, facility, fields.case)
        return {
          complete: completeOf(fields),
          target: {
            actor: asker.actor,
            facility,
            group: groupOf(rooms.directory, facility, fields.group ?? joined?.group_id),
            priority: priorityOf(fields.priority ?? joined?.priority),
            ...(joined && { case: joined.id }),
          },
        }
      })
      answerUpload(response, upload, metrics)
    })
  })

  router.post('/transfers/:id/items', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(door, request, 'transfer.add')
    await gate.pass(async () => {
      const upload = await receiveUpload(door, request, () => ({
        complete: false,
        target: targetOf(actor, transfer),
      }))
      answerUpload(response, upload, metrics)
    })
  })

  router.post('/transfers/:id/complete', async (request, response) => {
    const { actor, transfer } = await admitToTransfer(door, request, 'transfer.complete')
    response.json(await transfers.complete(actor, transfer))
  })

  router.get('/transfers', async (request, response) => {
    const { session, actor } = await admit(door, request, 'transfer.list')
    const page = pageOf(request)
    await door.noteListing(actor, 'transfers')
    const { role, facility = '', groups } = session.principal
    const scope = role === 'sender' ? { facility } : role === 'reader' ? { groups } : {}
    const { transfers: found, next } = await transfers.page(scope, page)
    response.json({ transfers: await transfers.views(found), ...(next && { next }) })
  })

  router.get('/transfers/:id', async (request, response) => {
    const { transfer } = await admitToTransfer(door, request, 'transfer.read')
    const [view] = await transfers.views([transfer])
    response.json(view)
  })

  return router
}

/** The sender's own. @throws NocturneError `forbidden` */
export function facilityOf({ session }: Asker): string {
  if (session.principal.facility === undefined) throw new NocturneError('forbidden')
  return session.principal.facility
}

/**
 * One of the facility's own; another's is answered as one that is not there.
 * @throws NocturneError `not_found`
 */
async function joinedCase(
  { cases }: Pick<Rooms, 'cases'>,
  facility: string,
  name: string | undefined,
): Promise<CaseTable | undefined> {
  if (name === undefined) return undefined
  const row = await cases.find(name)
  if (row?.facility !== facility) throw new NocturneError('not_found')
  return row
}

/** The group that is named, or the facility's only one. */
function groupOf(directory: Directory, facility: string, named: string | undefined): string {
  const groups = directory.facility(facility)?.groups ?? []
  const group = named ?? (groups.length === 1 ? groups[0] : undefined)
  if (group === undefined || !groups.includes(group))
    throw new NocturneError('unknown_group', { field: 'group' })
  return group
}

function priorityOf(priority = 'routine'): Priority {
  const found = PRIORITIES.find((known) => known === priority)
  if (!found) throw new NocturneError('bad_field', { field: 'priority' })
  return found
}

function completeOf({ complete = 'true' }: UploadFields): boolean {
  if (complete !== 'true' && complete !== 'false')
    throw new NocturneError('bad_field', { field: 'complete' })
  return complete === 'true'
}

const targetOf = (actor: UploadTarget['actor'], transfer: Transfer) => ({
  actor,
  facility: transfer.facility,
  group: transfer.group,
  priority: transfer.priority,
  transfer: transfer.id,
})
