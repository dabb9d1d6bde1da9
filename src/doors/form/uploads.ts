/** One upload from request to answer, for every route that accepts one. */
import type { Request, Response } from 'express'
import { NocturneError } from '../../lib/errors.js'
import type { Upload } from '../../transfer.js'
import type { UploadAnswer, UploadTarget } from '../../transfer/index.js'
import type { Door } from '../../http/door.js'
import type { Metrics } from '../../http/metrics.js'
import { sendProblem } from '../../http/problem.js'
import { readUpload } from './upload.js'
import type { UploadFields, UploadLimits } from './upload.js'

export interface WantedUpload {
  readonly complete: boolean
  readonly target: UploadTarget
}

/**
 * Passes the request's parts to one Upload. If anything fails, nothing of the request remains
 * except its event.
 */
export async function receiveUpload(
  door: Door,
  request: Request,
  wantedOf: (fields: UploadFields) => WantedUpload | Promise<WantedUpload>,
  limits: UploadLimits = door.rooms.site.config.limits,
): Promise<UploadAnswer> {
  const { rooms } = door
  let upload: Upload | undefined
  let complete = true
  try {
    await readUpload(request, limits, {
      begin: async (fields) => {
        const wanted = await wantedOf(fields)
        complete = wanted.complete
        upload = await rooms.beginUpload(wanted.target)
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

/**
 * 201 when any item was taken; otherwise 422 with the same list, so that every part sent is
 * accounted for either way.
 */
export function answerUpload(response: Response, answer: UploadAnswer, metrics: Metrics): void {
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

/** Bounds the number of concurrent uploads, and with it memory, open files and sealing work. */
export class UploadGate {
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
