/**
 * Streams Pixel Data through: its fragments are counted or handed on one by one, never changed and
 * never held.
 */
import { NocturneError, type Place } from '../../lib/errors.js'
import { hex } from '../dictionary/dictionary.js'
import { ITEM, SEQUENCE_END, UNDEFINED_LENGTH, type Encoding } from '../elements/element.js'
import { FrameCount, LOOKED_AT, type Framing } from './framing.js'
import type { Reader } from '../reader.js'
import { readHeader, type Header } from '../element-header.js'
import { encodeItemTag } from '../write/write.js'

/** What Pixel Data must contain to be complete. */
export interface Extent {
  readonly framing: Framing
  readonly frames: number
}

/**
 * Yields the whole element, including its header, byte for byte.
 *
 * Encapsulated (PS3.5 A.4): items of defined length up to the sequence delimiter, whatever they
 * contain. The output always ends with a delimiter of length zero, even if the file's has another
 * length or is missing.
 *
 * @throws NocturneError `truncated`, `malformed`, `image_incomplete` for fewer frames than
 *   declared.
 */
export const passPixels = (
  reader: Reader,
  header: Header,
  encoding: Encoding,
  extent: Extent,
): AsyncIterable<Buffer> =>
  header.length === UNDEFINED_LENGTH
    ? passFragments(reader, header, encoding, extent)
    : reader.take(header.valueStart + header.length)

async function* passFragments(
  reader: Reader,
  header: Header,
  encoding: Encoding,
  { framing, frames }: Extent,
): AsyncGenerator<Buffer, void> {
  yield* reader.take(header.valueStart)
  const count = new FrameCount(framing, frames)
  let tail: Buffer = Buffer.alloc(0)
  for (let isTable = true; ; isTable = false) {
    const length = await fragmentLength(reader, encoding)
    if (length === undefined) {
      count.expectWhole(placeOf(reader, header), reader.filled < 8 ? tail : undefined)
      break
    }
    yield* reader.take(8)
    if (isTable) {
      yield* reader.take(length)
      continue
    }
    await reader.fill(Math.min(length, LOOKED_AT))
    count.add(reader.buffer.subarray(0, Math.min(length, reader.filled, LOOKED_AT)))
    for (let left = length; left > 0;) {
      const part = await reader.takeSome(left)
      left -= part.length
      tail = endOf(tail, part)
      yield part
    }
  }
  await reader.skipUpTo(8)
  yield encodeItemTag(SEQUENCE_END, 0, encoding)
}

/**
 * Length of the item that begins here. Undefined at the delimiter, and where the file ends without
 * one.
 *
 * @throws NocturneError `malformed`
 */
export async function fragmentLength(
  reader: Reader,
  encoding: Encoding,
): Promise<number | undefined> {
  await reader.fill(8)
  if (reader.filled < 8) return undefined
  const { tag, length } = readHeader(reader.buffer, 0, 8, false, encoding)
  if (tag === SEQUENCE_END) return undefined
  if (tag === ITEM && length !== UNDEFINED_LENGTH) return length
  throw new NocturneError('malformed', {
    place: {
      rule: 'a fragment must be an item of defined length (PS3.5 section A.4)',
      offset: reader.position,
    },
  })
}

export const placeOf = (reader: Reader, { tag }: Header): Omit<Place, 'rule'> => ({
  path: hex(tag),
  offset: reader.position,
})

/** The last bytes of a fragment, given the previous tail and its latest part. */
function endOf(tail: Buffer, part: Buffer): Buffer {
  if (part.length >= LOOKED_AT) return part.subarray(-LOOKED_AT)
  return Buffer.concat([tail, part]).subarray(-LOOKED_AT)
}
