/** Reads encapsulated Pixel Data (PS3.5 A.4) one frame at a time. */
import { NocturneError } from '../lib/errors.js'
import { type Encoding, ITEM, SEQUENCE_END } from '../dicom/elements/index.js'
import { type Framing, endsFrame, fragmentLength, startsFrame } from '../dicom/pixel-data/index.js'
import type { Reader } from '../dicom/index.js'
import { encodeItemTag } from '../dicom/write/index.js'

/**
 * Largest compressed frame to hold in memory. X-rays and mammograms are largest, at about 60 MB
 * uncompressed.
 */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
/** Largest Basic Offset Table: 4 bytes per frame. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024

export interface Encapsulated {
  /** The value of the Basic Offset Table; may be empty. */
  readonly table: Buffer
  /** The fragments of each frame. */
  readonly frames: AsyncIterable<readonly Buffer[]>
}

/** How many frames there must be, and how they are separated. */
export interface Expected {
  readonly frames: number
  readonly framing: Framing
}

/**
 * Reads the frames, starting at the first item. A single frame may span any number of fragments.
 * Multiple frames start where the Basic Offset Table points or, if it is empty, at the start marker
 * of their codestreams.
 *
 * @throws NocturneError `truncated`, `malformed`
 * @throws NocturneError `image_incomplete` for fewer frames than expected.
 * @throws NocturneError `pixels_not_cleaned` when frames cannot be separated or are too large.
 */
export async function readFrames(
  reader: Reader,
  encoding: Encoding,
  expected: Expected,
): Promise<Encapsulated> {
  const table = await readFragment(reader, encoding, MAX_TABLE_BYTES)
  if (table === undefined) throw new NocturneError('malformed', { place: { rule: NO_TABLE } })
  const starts = startsOf(table)
  return { table, frames: framesOf(reader, encoding, expected, starts) }
}

const NO_TABLE = 'the first fragment is the Basic Offset Table (PS3.5 section A.4)'

async function* framesOf(
  reader: Reader,
  encoding: Encoding,
  { frames, framing }: Expected,
  starts: ReadonlySet<number> | undefined,
): AsyncGenerator<readonly Buffer[], void> {
  const isNext = (at: number, fragment: Buffer): boolean =>
    frames > 1 && (starts === undefined ? startsFrame(framing, fragment) : starts.has(at))
  let parts: Buffer[] = []
  let held = 0
  let given = 0
  let at = 0
  for (;;) {
    const fragment = await readFragment(reader, encoding, MAX_FRAME_BYTES - held)
    if (fragment === undefined) expectEnd(reader, given + 1 === frames, framing, parts)
    if (parts.length > 0 && (fragment === undefined || isNext(at, fragment))) {
      yield parts
      given += 1
      parts = []
      held = 0
    }
    if (fragment === undefined) break
    if (parts.length === 0 && !startsFrame(framing, fragment))
      throw new NocturneError('pixels_not_cleaned')
    parts.push(fragment)
    held += fragment.length
    at += 8 + fragment.length
  }
  if (given === frames) return
  const place = { rule: 'the number of frames differs from Number of Frames (PS3.5 section A.4)' }
  throw new NocturneError(given < frames ? 'image_incomplete' : 'pixels_not_cleaned', { place })
}

/** If the file ends without a delimiter, the last frame must be there and complete. */
function expectEnd(
  reader: Reader,
  isLast: boolean,
  framing: Framing,
  parts: readonly Buffer[],
): void {
  const isDelimited = reader.filled >= 8
  if (isDelimited || (isLast && endsFrame(framing, parts.at(-1) ?? Buffer.alloc(0)))) return
  const rule = 'the sequence of fragments does not end (PS3.5 section A.4)'
  throw new NocturneError('truncated', { place: { rule, offset: reader.position } })
}

/** Offsets of the frames, counted from the first fragment; undefined when the table is empty. */
function startsOf(table: Buffer): ReadonlySet<number> | undefined {
  if (table.length === 0) return undefined
  if (table.length % 4 !== 0) throw new NocturneError('malformed')
  const starts = new Set<number>()
  for (let at = 0; at < table.length; at += 4) starts.add(table.readUInt32LE(at))
  return starts
}

/**
 * The value of the next item. Undefined where the file ends without a delimiter, and at the
 * delimiter, which is not consumed.
 */
async function readFragment(
  reader: Reader,
  encoding: Encoding,
  limit: number,
): Promise<Buffer | undefined> {
  const length = await fragmentLength(reader, encoding)
  if (length === undefined) return undefined
  await reader.skipUpTo(8)
  if (length > limit) throw new NocturneError('pixels_not_cleaned')
  const parts: Buffer[] = []
  for await (const part of reader.take(length)) parts.push(part)
  return Buffer.concat(parts)
}

/**
 * Writes frames as `readFrames` returns them: an item for the table and for each fragment, then the
 * delimiter.
 */
export async function* encapsulated(
  { table, frames }: Encapsulated,
  encoding: Encoding,
): AsyncGenerator<Buffer, void> {
  yield encodeItemTag(ITEM, table.length, encoding)
  yield table
  for await (const fragments of frames)
    for (const fragment of fragments) {
      yield encodeItemTag(ITEM, fragment.length, encoding)
      yield fragment
    }
  yield encodeItemTag(SEQUENCE_END, 0, encoding)
}
