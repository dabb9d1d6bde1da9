import type { Readable } from 'node:stream'
import { NocturneError } from '../lib/errors.js'
import { s3Error } from './s3-error.js'

/** An answer that nobody began to read is let go after this time, with its connection. */
const UNREAD_MS = 60_000

/**
 * The body of a GetObject: exactly `length` bytes or an error. A server that sends nothing for
 * `stallMs` is given up; time in which the reader holds us back does not count.
 */
export function readBody(
  body: Readable,
  length: number,
  stallMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  // Between the answer and the first read nobody else listens, and an error would end the process.
  body.on('error', () => undefined)
  const unread = setTimeout(() => body.destroy(), UNREAD_MS)
  unread.unref()
  return readAll(body, length, stallMs, () => clearTimeout(unread))
}

async function* readAll(
  body: Readable,
  length: number,
  stallMs: number,
  begun: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  begun()
  let received = 0
  const chunks = body[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>
  try {
    for (;;) {
      const chunk = await withinTime(chunks, body, stallMs)
      if (chunk.done) break
      received += chunk.value.length
      yield chunk.value
    }
  } finally {
    body.destroy()
  }
  if (received !== length) throw new NocturneError('store_unavailable')
}

async function withinTime(
  chunks: AsyncIterator<Buffer>,
  body: Readable,
  stallMs: number,
): Promise<IteratorResult<Buffer, unknown>> {
  const stalled = setTimeout(() => body.destroy(new Error('no data came for too long')), stallMs)
  try {
    return await chunks.next()
  } catch (error) {
    throw s3Error(error)
  } finally {
    clearTimeout(stalled)
  }
}
