/**
 * Deflated Explicit VR Little Endian (PS3.5 A.5): raw deflate (RFC 1951) around the whole data set.
 */
import { NocturneError } from '../lib/errors.js'

/**
 * Above this size the ratio is checked; below it, the header and item limits already bound the
 * work.
 */
const RATIO_FROM = 64 * 1024 * 1024
const MAX_RATIO = 250
/** Pixel Data has a 32-bit length, so an uncompressed instance cannot be much larger. */
const MAX_INFLATED = 2 ** 32 + 2 ** 28

/** RFC 1951 inflate as the platform provides it: Node's zlib, or a browser's streams. */
export interface RawDeflate {
  /** @throws NocturneError `malformed`, `truncated` */
  readonly inflate: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
  readonly deflate: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
}

export interface Inflated {
  readonly bytes: AsyncGenerator<Buffer, void>
  /** Deflated bytes consumed so far. */
  readonly taken: () => number
}

/**
 * The inflated bytes. Anything after the end of the deflated stream (a padding byte) is dropped.
 *
 * @throws NocturneError `malformed`, `truncated`, `inflates_too_much`; and whatever `source`
 *   throws.
 */
export function inflated(source: AsyncIterable<Buffer>, { inflate }: RawDeflate): Inflated {
  let taken = 0
  const counted = async function* () {
    for await (const chunk of source) {
      taken += chunk.length
      yield chunk
    }
  }
  const bytes = async function* () {
    let given = 0
    for await (const chunk of inflate(counted())) {
      given += chunk.length
      if (given > MAX_INFLATED || (given > RATIO_FROM && given > taken * MAX_RATIO))
        throw new NocturneError('inflates_too_much')
      yield chunk
    }
  }
  return { bytes: bytes(), taken: () => taken }
}
