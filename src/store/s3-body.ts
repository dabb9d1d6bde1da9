import type { Readable } from 'node:stream'
import { NocturneError } from '../lib/errors.js'
import { s3Error } from './s3-error.js'

/** A response that nobody starts to read is dropped after this time, and its connection with it. */
const UNREAD_MS = 60_000

/**
 * Reads the body of a GetObject: exactly `length` bytes, or an error. Gives up when the server
 * sends nothing for `stallMs`; time during which the reader applies back-pressure does not count.
 */
export function readBody(
  body: Readable,
  length: number,
  stallMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  // Before the first read nothing else listens for errors, and an unhandled error event would end
  // the process.
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
