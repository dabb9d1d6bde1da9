/** Blanks and inspects Pixel Data in the stream, as the verdict requires. */
import { NocturneError } from '../../lib/errors.js'
import { startsFrame } from '../../dicom/pixel-data/index.js'
import type { Header, Reader } from '../../dicom/index.js'
import type { Encoding } from '../../dicom/elements/index.js'
import { blankNative, encapsulated, readFrames } from '../../pixels/index.js'
import type { Encapsulated } from '../../pixels/index.js'
import { chosenFrames, inspectFrame, inspectNative } from './inspect.js'
import type { Looking } from './inspect.js'
import type { PixelWork } from './plan.js'

/**
 * Yields the whole element, including its header. Uncompressed pixels are streamed; compressed
 * pixels are held one frame at a time. Pixels that are only inspected are copied byte for byte.
 *
 * @throws NocturneError `truncated`, `malformed`, `pixels_not_cleaned`, `text_in_pixels`,
 *   `pixels_at_risk`: discard everything read so far.
 */
export async function* cleanPixels(
  reader: Reader,
  header: Header,
  encoding: Encoding,
  work: PixelWork,
  looking: Looking,
): AsyncGenerator<Buffer, void> {
  yield* reader.take(header.valueStart)
  if (work.kind === 'compressed') {
    yield* cleanFrames(reader, encoding, work, looking)
    return
  }
  const { layout, mask, inspection } = work
  const value = reader.take(header.length)
  const blanked = mask ? blankNative(value, layout, mask) : value
  yield* inspection ? inspectNative(blanked, layout, inspection, looking) : blanked
}

type Compressed = Extract<PixelWork, { kind: 'compressed' }>

async function* cleanFrames(
  reader: Reader,
  encoding: Encoding,
  work: Compressed,
  looking: Looking,
): AsyncGenerator<Buffer, void> {
  const { geometry, decoder, blank } = work
  const { framing } = decoder
  try {
    const source = await readFrames(reader, encoding, { frames: geometry.frames, framing })
    // Blanked frames have different lengths, so the offset table is left empty.
    const table = blank ? Buffer.alloc(0) : source.table
    yield* encapsulated({ table, frames: workOn(source, work, looking) }, encoding)
    // The delimiter, or whatever is in its place at the end of the file.
    await reader.skipUpTo(8)
  } catch (error) {
    // Frames that cannot be separated cannot be inspected, so the image counts as not inspected.
    const isUnknown = error instanceof NocturneError && error.code === 'pixels_not_cleaned'
    throw isUnknown && !blank ? new NocturneError('pixels_at_risk', { cause: error }) : error
  }
}

const evened = (frame: Buffer): Buffer =>
  frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)])

async function* workOn(
  { frames }: Encapsulated,
  { geometry, decoder, blank, inspection }: Compressed,
  looking: Looking,
): AsyncGenerator<readonly Buffer[], void> {
  const { pace } = looking
  const chosen = new Set(inspection && chosenFrames(geometry.frames))
  let index = 0
  for await (const fragments of frames) {
    const [first = Buffer.alloc(0), ...others] = fragments
    // Some readers would treat each of these fragments as a frame, and show pixels not inspected
    // here.
    if (!blank && others.some((fragment) => startsFrame(decoder.framing, fragment)))
      throw new NocturneError('pixels_not_cleaned')
    const frame = others.length === 0 ? first : Buffer.concat(fragments)
    pace.begin()
    const written = blank ? await blank(frame, pace) : frame
    if (inspection && chosen.has(index))
      await inspectFrame(inspection, () => decoder.decode(written, geometry, pace), looking)
    index += 1
    yield blank ? [evened(written)] : fragments
  }
}
