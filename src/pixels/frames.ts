/** Encapsulated Pixel Data (PS3.5 A.4), one frame after the other, each held by itself. */
import { NocturneError } from '../lib/errors.js'
import { type Encoding, ITEM, SEQUENCE_END } from '../dicom/elements/index.js'
import { type Framing, endsFrame, fragmentLength, startsFrame } from '../dicom/pixel-data/index.js'
import type { Reader } from '../dicom/index.js'
import { encodeItemTag } from '../dicom/write/index.js'

/**
 * A compressed frame that is held. X-rays and mammograms have the largest, of some 60 MB
 * uncompressed.
 */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
/** Entries of the Basic Offset Table: 4 bytes a frame. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024

export interface Encapsulated {
  /** The value of the Basic Offset Table; empty when nothing is said. */
  readonly table: Buffer
  /** Each frame as the fragments that it is in. */
  readonly frames: AsyncIterable<readonly Buffer[]>
}

/** How many there must be, and how they are told apart. */
export interface Expected {
  readonly frames: number
  readonly framing: Framing
}

/**
 * Frames, from the first item on. A single frame may be in any number of fragments; several begin
 * where the Basic Offset Table points, and where it is empty with the mark of their codestreams.
 *
 * @throws NocturneError `truncated`, `malformed`, `image_incomplete` for fewer than there must be,
 * `pixels_not_cleaned` when frames cannot be told apart or are too large.
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
  const place = { rule: 'Number of Frames says otherwise (PS3.5 section A.4)' }
  throw new NocturneError(given < frames ? 'image_incomplete' : 'pixels_not_cleaned', { place })
}

/** Where the file ends without a delimiter the last frame must be there, and whole. */
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

/** Offsets of frames from the first fragment on; undefined when the table is empty. */
function startsOf(table: Buffer): ReadonlySet<number> | undefined {
  if (table.length === 0) return undefined
  if (table.length % 4 !== 0) throw new NocturneError('malformed')
  const starts = new Set<number>()
  for (let at = 0; at < table.length; at += 4) starts.add(table.readUInt32LE(at))
  return starts
}

/**
 * The value of the next item; undefined at the delimiter, which stays, and where the file ends
 * without one.
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
 * Frames as `readFrames` gives them: an item for the table and each fragment, and the delimiter.
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
