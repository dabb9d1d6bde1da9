import { CATALOGUE } from '../../lib/errors.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { parseAnswer } from '../parse-answer.js'
import { changedAnswer, transferAnswer } from '../../protocol/http/transfers.js'
import type { GatewayAnswer } from '../../protocol/http/gateway.js'
import type { ItemAnswer, UploadAnswer } from '../../protocol/http/transfers.js'
import type { GatewayClient } from '../client.js'
import { GatewayError } from '../client.js'
import { CommandError } from '../command-error.js'
import type { LocalFile } from './files.js'
import { multipartBody } from './multipart.js'
import type { Progress } from '../progress.js'
import { retry } from '../retry.js'
import { sendOnce } from './send-once.js'

export interface Upload {
  readonly client: GatewayClient
  readonly files: readonly LocalFile[]
  readonly group: string | undefined
  readonly priority: string | undefined
  /** The case that the transfer joins. */
  readonly case?: string | undefined
  /** A new case, also of files that were sent before. */
  readonly isAgain?: boolean
  /** Files that could not be sent, which the readers are told of. */
  readonly missing?: number
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly onRetry: () => void
}

export interface UploadReport {
  /** The gateway's answer; for several requests the last one, with the items of all. */
  readonly answer: UploadAnswer
  /** The sender's own files by item number, where it is certain which file an item came from. */
  readonly paths: ReadonlyMap<number, string>
}

/**
 * Sends files as one transfer: in one request when it holds no more items than the gateway takes in
 * one, else in an open transfer that is completed at the end. When an answer is lost, the gateway
 * is asked what became of the request before it is sent again: see `sendOnce`.
 *
 * @throws CommandError `gateway_unreachable`, and when the gateway refuses the whole upload
 */
export async function upload(work: Upload): Promise<UploadReport> {
  const { limits } = parseAnswer(gatewayAnswer, await work.client.json({ path: '/v1/gateway' }))
  checkLimits(work.files, limits)
  if (work.files.length > limits.requestItems) return uploadInBatches(work, limits.requestItems)
  return request(work, '/v1/transfers', work.files, true)
}

/** Fails early for an upload that is sure to be refused. */
function checkLimits(files: readonly LocalFile[], limits: GatewayAnswer['limits']): void {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const code =
    files.length > limits.transferItems
      ? 'too_many_items'
      : bytes > limits.transferBytes
        ? 'transfer_too_large'
        : undefined
  if (code === undefined) return
  throw new CommandError(CATALOGUE[code].title, {
    code,
    hint: `send the studies one by one; a transfer may have ${limits.transferItems} files and ${limits.transferBytes} bytes`,
  })
}

async function uploadInBatches(work: Upload, batchItems: number): Promise<UploadReport> {
  const items: ItemAnswer[] = []
  const paths = new Map<number, string>()
  let id: string | undefined
  for (let at = 0; at < work.files.length; at += batchItems) {
    const batch = work.files.slice(at, at + batchItems)
    const path = id === undefined ? '/v1/transfers' : `/v1/transfers/${id}/items`
    const sent = await request(work, path, batch, false)
    // If nothing in the first request was accepted, no transfer is opened, and its items have no
    // lasting numbers.
    if (id === undefined && sent.answer.state === 'open') id = sent.answer.id
    for (const item of sent.answer.items) items.push(item)
    for (const [index, file] of sent.paths) paths.set(index, file)
  }
  if (id === undefined) return { answer: { items }, paths }
  return { answer: { ...(await complete(work, id)), items }, paths }
}

/** Sends one request. 422 with items is not an error here: it reports the outcome of each file. */
async function request(
  work: Upload,
  path: string,
  files: readonly LocalFile[],
  isWhole: boolean,
): Promise<UploadReport> {
  const { client, progress } = work
  const fields = path === '/v1/transfers' ? fieldsOf(work, isWhole) : []
  const answer = await sendOnce(work, async (key) => {
    let sentBytes = 0
    let sentFiles = 0
    const body = multipartBody({
      fields,
      files,
      onBytes: (count) => {
        sentBytes += count
        progress.addBytes(count)
      },
      onFile: () => {
        sentFiles += 1
        progress.addItem()
      },
    })
    try {
      return await client.json({ method: 'POST', path, body, headers: { 'idempotency-key': key } })
    } catch (error) {
      if (error instanceof GatewayError && Array.isArray(error.answer.items)) return error.answer
      progress.takeBack(sentBytes, sentFiles)
      throw error
    }
  })
  return { answer, paths: namePaths(answer.items, files) }
}

function fieldsOf(work: Upload, isWhole: boolean): readonly (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = []
  if (work.group !== undefined) fields.push(['group', work.group])
  if (work.priority !== undefined) fields.push(['priority', work.priority])
  if (work.case !== undefined) fields.push(['case', work.case])
  if (work.isAgain === true) fields.push(['again', 'true'])
  if ((work.missing ?? 0) > 0) fields.push(['missing', String(work.missing)])
  fields.push(['complete', String(isWhole)])
  return fields
}

/**
 * Items in the order of the parts; where an archive yielded several, matched only by the part
 * number.
 */
function namePaths(items: readonly ItemAnswer[], files: readonly LocalFile[]) {
  const inOrder = items.length === files.length
  const paths = new Map<number, string>()
  for (const [at, { index, part }] of items.entries()) {
    const file = files[part === undefined ? (inOrder ? at : -1) : part - 1]
    if (file !== undefined) paths.set(index, file.path)
  }
  return paths
}

async function complete(
  work: Upload,
  id: string,
): Promise<Pick<UploadAnswer, 'id' | 'state' | 'receipt'>> {
  let attempts = 0
  try {
    return await retry(work, async () => {
      attempts += 1
      const answer = await work.client.post(`/v1/transfers/${id}/complete`)
      return parseAnswer(changedAnswer, answer)
    })
  } catch (error) {
    // The answer to an earlier attempt was lost in transit, but the transfer is complete.
    const isDone = error instanceof GatewayError && error.code === 'transfer_not_open'
    if (!isDone || attempts === 1) throw error
    const found = await work.client.json({ path: `/v1/transfers/${id}` })
    const { state } = parseAnswer(transferAnswer, found)
    if (state === 'open' || state === 'abandoned') throw error
    return { id, state }
  }
}
