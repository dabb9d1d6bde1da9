/** Encapsulated Pixel Data (PS3.5 A.4), one frame after the other, each held by itself. */
import { NocturneError } from '../lib/errors.js'
import { type Encoding, ITEM, SEQUENCE_END, UNDEFINED_LENGTH, readHeader } from '../dicom/index.js'
import type { Reader } from '../dicom/index.js'
import { encodeItemTag } from '../dicom/write/index.js'

/** A compressed frame that is held. X-rays and mammograms have the largest, of some 60 MB uncompressed. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
/** Entries of the Basic Offset Table: 4 bytes a frame. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024

export interface Encapsulated {
  /** The value of the Basic Offset Table; empty when nothing is said. */
  readonly table: Buffer
  /** Each frame as the fragments that it is in. */
  readonly frames: AsyncIterable<readonly Buffer[]>
}

/**
 * Frames, from the first item on. A single frame may be in any number of fragments; of several each must be in one,
 * beginning as `startsFrame` says, or be pointed at by the Basic Offset Table.
 *
 * @throws NocturneError `truncated`, `malformed`, `pixels_not_cleaned` when frames cannot be told apart or are too large.
 */
export async function readFrames(
  reader: Reader,
  encoding: Encoding,
  frames: number,
  startsFrame: (fragment: Buffer) => boolean,
): Promise<Encapsulated> {
  const table = await readFragment(reader, encoding, MAX_TABLE_BYTES)
  if (table === undefined) throw new NocturneError('malformed')
  const starts = startsOf(table)
  return { table, frames: framesOf(reader, encoding, frames, starts, startsFrame) }
}

async function* framesOf(
  reader: Reader,
  encoding: Encoding,
  frames: number,
  starts: ReadonlySet<number> | undefined,
  startsFrame: (fragment: Buffer) => boolean,
): AsyncGenerator<readonly Buffer[], void> {
  let parts: Buffer[] = []
  let held = 0
  let given = 0
  let at = 0
  for (;;) {
    const fragment = await readFragment(reader, encoding, MAX_FRAME_BYTES - held)
    if (parts.length > 0 && (fragment === undefined || isNext(frames, starts, at))) {
      yield parts
      given += 1
      parts = []
      held = 0
    }
    if (fragment === undefined) break
    if (parts.length === 0 && !startsFrame(fragment)) throw new NocturneError('pixels_not_cleaned')
    parts.push(fragment)
    held += fragment.length
    at += 8 + fragment.length
  }
  if (given !== frames) throw new NocturneError('pixels_not_cleaned')
}

/** Offsets of frames from the first fragment on; undefined when the table is empty. */
function startsOf(table: Buffer): ReadonlySet<number> | undefined {
  if (table.length === 0) return undefined
  if (table.length % 4 !== 0) throw new NocturneError('malformed')
  const starts = new Set<number>()
  for (let at = 0; at < table.length; at += 4) starts.add(table.readUInt32LE(at))
  return starts
}

const isNext = (frames: number, starts: ReadonlySet<number> | undefined, at: number): boolean =>
  frames > 1 && (starts === undefined || starts.has(at))

/** The value of the next item; undefined at the delimiter. */
async function readFragment(
  reader: Reader,
  encoding: Encoding,
  limit: number,
): Promise<Buffer | undefined> {
  const header: Buffer[] = []
  for await (const part of reader.take(8)) header.push(part)
  const { tag, length } = readHeader(Buffer.concat(header), 0, 8, false, encoding)
  if (tag === SEQUENCE_END && length === 0) return undefined
  if (tag !== ITEM || length === UNDEFINED_LENGTH) throw new NocturneError('malformed')
  if (length > limit) throw new NocturneError('pixels_not_cleaned')
  const parts: Buffer[] = []
  for await (const part of reader.take(length)) parts.push(part)
  return Buffer.concat(parts)
}

/** Frames as `readFrames` gives them: an item for the table and each fragment, and the delimiter. */
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
