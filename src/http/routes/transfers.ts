/** Sending: open a transfer, add to it, complete it, follow it. */
import type { Request, Response } from 'express'
import { Router } from 'express'
import { NocturneError } from '../../lib/errors.js'
import { viewsOf } from '../../deliver/index.js'
import type { Directory } from '../../directory/index.js'
import type { Priority, TransferTable } from '../../state/index.js'
import { Upload } from '../../transfer.js'
import type { UploadAnswer, UploadTarget } from '../../transfer.js'
import { completeTransfer } from '../../transfer/complete.js'
import type { Door } from '../door.js'
import type { Metrics } from '../metrics.js'
import { sendProblem } from '../problem.js'
import { pageOf } from '../query.js'
import { admit, admitToTransfer } from '../request.js'
import type { Asker } from '../request.js'
import { readUpload } from '../upload.js'
import type { UploadFields } from '../upload.js'

const PRIORITIES: readonly Priority[] = ['routine', 'urgent', 'stat']

export function transferRoutes(door: Door, metrics: Metrics): Router {
  const { rooms } = door
  const router = Router()
  const gate = new UploadGate(rooms.site.config.limits.uploads, metrics)

  router.post('/transfers', async (request, response) => {
    const asker = await admit(door, request, 'transfer.create')
    const facility = facilityOf(asker)
    await gate.pass(async () => {
      const upload = await receiveUpload(door, request, (fields) => ({
        complete: completeOf(fields),
        target: {
          actor: asker.actor,
          facility,
          group: groupOf(rooms.directory, facility, fields.group),
          priority: priorityOf(fields),
        },
      }))
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
    response.json(await completeTransfer(rooms, targetOf(actor, transfer)))
  })

  router.get('/transfers', async (request, response) => {
    const { session } = await admit(door, request, 'transfer.list')
    const { start, limit } = pageOf(request)
    const { role, facility, groups } = session.principal
    const rows = await rooms.state.db
      .selectFrom('transfers')
      .selectAll()
      .where('state', '<>', 'receiving')
      .$if(role === 'sender', (query) => query.where('facility', '=', facility ?? ''))
      .$if(role === 'reader', (query) => query.where('group_id', 'in', ['', ...groups]))
      // Ids sort by time: a page begins after the last id of the one before.
      .$if(start !== undefined, (query) => query.where('id', '<', start ?? ''))
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute()
    const page = rows.slice(0, limit)
    const next = rows.length > limit ? page.at(-1)?.id : undefined
    response.json({ transfers: await viewsOf(rooms.state.db, page), ...(next && { next }) })
  })

  router.get('/transfers/:id', async (request, response) => {
    const { transfer } = await admitToTransfer(door, request, 'transfer.read')
    const [view] = await viewsOf(rooms.state.db, [transfer])
    response.json(view)
  })

  return router
}

interface WantedUpload {
  readonly complete: boolean
  readonly target: UploadTarget
}

/** The request's parts through one Upload; whatever fails, nothing of the request stays but its event. */
async function receiveUpload(
  door: Door,
  request: Request,
  wantedOf: (fields: UploadFields) => WantedUpload,
): Promise<UploadAnswer> {
  const { rooms } = door
  let upload: Upload | undefined
  let complete = true
  try {
    await readUpload(request, rooms.site.config.limits, {
      begin: async (fields) => {
        const wanted = wantedOf(fields)
        complete = wanted.complete
        upload = await Upload.begin(rooms, wanted.target)
      },
      part: async (part) => upload?.take(part),
    })
    if (!upload) throw new NocturneError('no_files')
    return await upload.commit({ complete })
  } catch (error) {
    await upload?.abandon(error)
    throw error
  }
}

/** 201 when anything was taken; else 422 with the same list, so that every part sent is answered for either way. */
function answerUpload(response: Response, answer: UploadAnswer, metrics: Metrics): void {
  for (const { outcome } of answer.items) metrics.item(outcome)
  const isTaken = answer.items.some(
    ({ outcome }) => outcome === 'accepted' || outcome === 'duplicate',
  )
  if (isTaken) {
    response.status(201).location(`/v1/transfers/${answer.id}`).json(answer)
    return
  }
  const { id, state, items, receipt } = answer
  sendProblem(response, new NocturneError('nothing_accepted'), {
    id,
    state,
    items: items.map((item) => ({ ...item })),
    receipt,
  })
}

function facilityOf({ session }: Asker): string {
  if (session.principal.facility === undefined) throw new NocturneError('forbidden')
  return session.principal.facility
}

/** The group that is named, or the facility's only one. */
function groupOf(directory: Directory, facility: string, named: string | undefined): string {
  const groups = directory.facility(facility)?.groups ?? []
  const group = named ?? (groups.length === 1 ? groups[0] : undefined)
  if (group === undefined || !groups.includes(group)) throw new NocturneError('unknown_group')
  return group
}

function priorityOf({ priority = 'routine' }: UploadFields): Priority {
  const found = PRIORITIES.find((known) => known === priority)
  if (!found) throw new NocturneError('bad_field')
  return found
}

function completeOf({ complete = 'true' }: UploadFields): boolean {
  if (complete !== 'true' && complete !== 'false') throw new NocturneError('bad_field')
  return complete === 'true'
}

const targetOf = (actor: UploadTarget['actor'], transfer: TransferTable) => ({
  actor,
  facility: transfer.facility,
  group: transfer.group_id,
  priority: transfer.priority,
  transfer: transfer.id,
})

/** Bounds how many uploads run at once, and with them memory, open files and sealing. */
class UploadGate {
  readonly #most: number
  readonly #metrics: Metrics
  #running = 0

  constructor(most: number, metrics: Metrics) {
    this.#most = most
    this.#metrics = metrics
  }

  async pass(work: () => Promise<void>): Promise<void> {
    if (this.#running >= this.#most) throw new NocturneError('too_busy')
    this.#running += 1
    this.#metrics.uploads.set(this.#running)
    try {
      await work()
    } finally {
      this.#running -= 1
      this.#metrics.uploads.set(this.#running)
    }
  }
}
