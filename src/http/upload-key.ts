/** The key that a client gives to an upload, and what the gateway still knows about that upload. */
import type { Request, Response } from 'express'
import { NocturneError } from '../lib/errors.js'
import type { Metrics } from './metrics.js'
import type { Transfers, UploadTarget } from '../transfer/index.js'
import { answerUpload } from './upload-answer.js'

type UploadKey = NonNullable<UploadTarget['key']>

/**
 * At least 16 characters, so that two clients never choose the same key by coincidence. With or
 * without the quotation marks required by the draft of the header field
 * (draft-ietf-httpapi-idempotency-key-header).
 */
const KEY = /^"?([\w.~:-]{16,128})"?$/

/** @throws NocturneError `bad_request` naming the header */
export function uploadKeyOf(request: Request): UploadKey | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const key = typeof header === 'string' ? KEY.exec(header)?.[1] : undefined
  if (key === undefined) throw new NocturneError('bad_request', { field: 'Idempotency-Key' })
  const { 'content-length': length } = request.headers
  return { key, length: length === undefined ? undefined : Number(length) }
}

/**
 * Answers an upload that was already received under the same key, without reading its body again.
 *
 * @returns false if the upload is new.
 * @throws NocturneError `upload_under_way`, `upload_key_reused`
 */
export async function answerKnown(
  transfers: Pick<Transfers, 'upload'>,
  facility: string,
  key: UploadKey | undefined,
  response: Response,
  metrics: Metrics,
): Promise<boolean> {
  const known = key && (await transfers.upload(facility, key.key))
  if (!known) return false
  if (known.length !== key.length) throw new NocturneError('upload_key_reused')
  if (!known.answer) throw new NocturneError('upload_under_way')
  response.set({ 'Idempotent-Replayed': 'true', Connection: 'close' })
  answerUpload(response, known.answer, metrics)
  return true
}
