/**
 * Sends files through the form door. Each request has a key of its own: when its answer is lost,
 * the gateway is asked what became of it before anything is sent again.
 */
import {
  changedAnswer,
  knownUploadAnswer,
  uploadAnswer,
  uploadProblem,
} from '../../../protocol/http/transfers.js'
import type { ItemAnswer, UploadAnswer } from '../../../protocol/http/transfers.js'
import { GatewayRefusal, refusalIn } from '../session/gateway.js'
import type { Session } from '../session/session.js'
import type { LocalFile } from './local-files.js'

const TRIES = 6
const FIRST_WAIT_MS = 1_000
const ASK_EVERY_MS = 2_000

export interface Sending {
  readonly files: readonly LocalFile[]
  readonly group: string
  readonly priority: string
  readonly onBytes: (sent: number) => void
  readonly onWaiting: (why: string) => void
}

/** What became of one file, or of an item in an archive. */
export interface SentItem {
  readonly name: string
  readonly answer: ItemAnswer
}

export interface Sent {
  readonly transfer: string | undefined
  readonly items: readonly SentItem[]
  readonly wasSentBefore: boolean
}

/** @throws GatewayRefusal for an upload of which nothing is kept */
export async function send(session: Session, work: Sending): Promise<Sent> {
  const { requestItems } = session.about.limits
  const isOne = work.files.length <= requestItems
  const items: SentItem[] = []
  let transfer: string | undefined
  let wasSentBefore = false
  let sentBytes = 0
  for (let at = 0; at < work.files.length; at += requestItems) {
    const batch = work.files.slice(at, at + requestItems)
    const answer = await sendBatch(
      session,
      { ...work, files: batch },
      {
        transfer,
        isOne,
        onBytes: (bytes) => work.onBytes(sentBytes + bytes),
      },
    )
    sentBytes += batch.reduce((sum, { file }) => sum + file.size, 0)
    transfer ??= answer.id
    wasSentBefore ||= answer.sentBefore !== undefined
    items.push(...answer.items.map((one) => ({ name: nameOf(batch, one), answer: one })))
  }
  if (!isOne && transfer !== undefined && !wasSentBefore)
    await session.gateway.post(changedAnswer, `/v1/transfers/${transfer}/complete`, {})
  return { transfer, items, wasSentBefore }
}

const nameOf = (files: readonly LocalFile[], { part }: ItemAnswer): string =>
  (part === undefined ? undefined : files[part - 1]?.file.name) ?? ''

interface Batch {
  readonly transfer: string | undefined
  /** All files are in this one request. */
  readonly isOne: boolean
  readonly onBytes: (sent: number) => void
}

async function sendBatch(session: Session, work: Sending, batch: Batch): Promise<UploadAnswer> {
  const { transfer, isOne, onBytes } = batch
  const path = transfer === undefined ? '/v1/transfers' : `/v1/transfers/${transfer}/items`
  const form = () => {
    const data = new FormData()
    if (transfer === undefined) {
      data.append('group', work.group)
      data.append('priority', work.priority)
      if (!isOne) data.append('complete', 'false')
    }
    // A file name may contain a patient's name, so a number is sent in its place.
    for (const [at, { file }] of work.files.entries()) data.append('files', file, String(at + 1))
    return data
  }
  return sendForm(session, { path, form, onBytes, onWaiting: work.onWaiting })
}

export interface FormWork extends Pick<Sending, 'onBytes' | 'onWaiting'> {
  readonly path: string
  /** Made again for each try. */
  readonly form: () => FormData
}

/** @throws GatewayRefusal for a request of which nothing is kept */
export async function sendForm(session: Session, work: FormWork): Promise<UploadAnswer> {
  const { path, form, onBytes, onWaiting } = work
  const key = crypto.randomUUID()
  for (let tries = 1; ; tries += 1) {
    try {
      return await post(session, { path, key, form: form(), onBytes })
    } catch (error) {
      if (!(error instanceof GatewayRefusal)) throw error
      if (error.code === 'nothing_accepted') return uploadOf(error)
      if (!['unreachable', 'upload_under_way', 'too_busy'].includes(error.code)) throw error
      if (tries >= TRIES) throw error
      onWaiting(error.message)
      await sleep(FIRST_WAIT_MS * 2 ** tries)
      const known = await becameOf(session, key)
      if (known) return known
    }
  }
}

function uploadOf(refusal: GatewayRefusal): UploadAnswer {
  const { data } = uploadProblem.safeParse(refusal.body)
  if (data?.items === undefined) throw refusal
  return { ...data, items: data.items }
}

/** Undefined when the gateway has nothing of it, or cannot be asked. Waits while it arrives. */
async function becameOf({ gateway }: Session, key: string): Promise<UploadAnswer | undefined> {
  for (;;) {
    const known = await gateway.get(knownUploadAnswer, `/v1/uploads/${key}`).catch(() => undefined)
    if (!known) return undefined
    if (known.answer) return known.answer
    await sleep(ASK_EVERY_MS)
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Request {
  readonly path: string
  readonly key: string
  readonly form: FormData
  readonly onBytes: (sent: number) => void
}

/** By XMLHttpRequest, since `fetch` does not tell how much was sent. */
function post({ gateway }: Session, { path, key, form, onBytes }: Request): Promise<UploadAnswer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    for (const [name, value] of Object.entries(gateway.headers()))
      request.setRequestHeader(name, value)
    request.setRequestHeader('idempotency-key', key)
    request.upload.onprogress = ({ loaded }) => onBytes(loaded)
    request.onerror = () => reject(refusalIn(0, null))
    request.onload = () => {
      const body = parse(request.responseText)
      const { data } = uploadAnswer.safeParse(body)
      if (request.status === 201 && data) resolve(data)
      else reject(refusalIn(request.status, body))
    }
    request.send(form)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
