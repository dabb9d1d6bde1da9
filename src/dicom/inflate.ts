/** Deflated Explicit VR Little Endian (PS3.5 A.5): raw deflate (RFC 1951) around the whole data set. */
import { pipeline } from 'node:stream/promises'
import { createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import { NocturneError, systemCode } from '../lib/errors.js'

/** From here on the ratio counts; below it, the header and item limits bound what is done. */
const RATIO_FROM = 64 * 1024 * 1024
const MAX_RATIO = 250
/** Each chunk is a trip to another thread. */
const CHUNK = 0x40000
/** Pixel Data has a 32-bit length, so no uncompressed instance is much larger. */
const MAX_INFLATED = 2 ** 32 + 2 ** 28

export interface Inflated {
  readonly bytes: AsyncGenerator<Buffer, void>
  /** Deflated bytes that went in so far. */
  readonly taken: () => number
}

/**
 * The inflated bytes. What follows the end of the deflated stream (a padding byte) is dropped.
 *
 * @throws NocturneError `malformed`, `truncated`, `inflates_too_much`; and what `source` throws.
 */
export function inflated(source: AsyncIterable<Buffer>): Inflated {
  let taken = 0
  const counted = async function* () {
    for await (const chunk of source) {
      taken += chunk.length
      yield chunk
    }
  }
  const bytes = async function* () {
    let given = 0
    for await (const chunk of through(counted(), createInflateRaw({ chunkSize: CHUNK }))) {
      given += chunk.length
      if (given > MAX_INFLATED || (given > RATIO_FROM && given > taken * MAX_RATIO))
        throw new NocturneError('inflates_too_much')
      yield chunk
    }
  }
  return { bytes: bytes(), taken: () => taken }
}

export const deflated = (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> =>
  through(source, createDeflateRaw({ chunkSize: CHUNK }))

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
