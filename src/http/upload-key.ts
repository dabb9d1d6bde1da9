/** The name that a client gives an upload, and what the gateway still knows of it. */
import type { Request, Response } from 'express'
import { NocturneError } from '../lib/errors.js'
import type { Metrics } from './metrics.js'
import type { Transfers, UploadTarget } from '../transfer/index.js'
import { answerUpload } from './upload-answer.js'

type UploadKey = NonNullable<UploadTarget['key']>

/**
 * At least 16 characters, so that no two clients make the same. In quotation marks as the draft of
 * the header field wants it (draft-ietf-httpapi-idempotency-key-header), or without.
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
 * Answers an upload that has come before under the same key, without reading its body again; false
 * when it is new.
 *
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
