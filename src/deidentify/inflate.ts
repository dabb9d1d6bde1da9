/** Deflated Explicit VR Little Endian (PS3.5 A.5): raw deflate (RFC 1951) around the whole data set. */
import { pipeline } from 'node:stream/promises'
import { createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import { NocturneError, systemCode } from '../lib/errors.js'

/** From here on the ratio counts; below it, the header and item limits bound what is done. */
const RATIO_FROM = 64 * 1024 * 1024
const MAX_RATIO = 250
/** Pixel Data has a 32-bit length, so no uncompressed instance is much larger. */
const MAX_INFLATED = 2 ** 32 + 2 ** 28

/**
 * The inflated bytes. What follows the end of the deflated stream (a padding byte) is dropped.
 *
 * @throws NocturneError `malformed`, `truncated`, `inflates_too_much`; and what `source` throws.
 */
export async function* inflated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let taken = 0
  let given = 0
  const counted = async function* () {
    for await (const chunk of source) {
      taken += chunk.length
      yield chunk
    }
  }
  for await (const chunk of through(counted(), createInflateRaw())) {
    given += chunk.length
    if (given > MAX_INFLATED || (given > RATIO_FROM && given > taken * MAX_RATIO))
      throw new NocturneError('inflates_too_much')
    yield chunk
  }
}

export const deflated = (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> =>
  through(source, createDeflateRaw())

async function* through(
  source: AsyncIterable<Buffer>,
  transform: InflateRaw | DeflateRaw,
): AsyncGenerator<Buffer, void> {
  const fed = pipeline(source, transform)
  // Its failure also ends `transform`, whose reader below is the one to tell.
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
