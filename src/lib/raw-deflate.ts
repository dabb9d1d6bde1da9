/** Raw deflate (RFC 1951) by Node's zlib, as a stream. */
import { pipeline } from 'node:stream/promises'
import { createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import { NocturneError, systemCode } from './errors.js'

/** Each chunk costs a round trip to another thread. */
const CHUNK = 0x40000

/** For rooms that take the platform's compression as an argument. */
export const rawDeflate = {
  inflate: (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> =>
    through(source, createInflateRaw({ chunkSize: CHUNK })),
  deflate: (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> =>
    through(source, createDeflateRaw({ chunkSize: CHUNK })),
}

async function* through(
  source: AsyncIterable<Buffer>,
  transform: InflateRaw | DeflateRaw,
): AsyncGenerator<Buffer, void> {
  const fed = pipeline(source, transform)
  // Its failure also ends `transform`, whose reader below reports it.
  fed.catch(() => undefined)
  try {
    for await (const chunk of transform) yield chunk as Buffer
  } catch (error) {
    const code = systemCode(error)
    if (code === 'Z_BUF_ERROR') throw new NocturneError('truncated', { cause: error })
    if (code?.startsWith('Z_')) throw new NocturneError('malformed', { cause: error })
    throw error
  } finally {
    transform.destroy()
  }
}
