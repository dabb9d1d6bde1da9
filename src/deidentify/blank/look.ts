/**
 * Frames of an instance as pictures, for the person at the facility who reviews a quarantined item.
 */
import {
  Budget,
  type RawDeflate,
  Reader,
  type Stretch,
  inflated,
  readHead,
  readStart,
} from '../../dicom/index.js'
import { type Encoding, UNDEFINED_LENGTH } from '../../dicom/elements/index.js'
import { isPrivate } from '../../dicom/dictionary/index.js'
import { Pace } from '../../lib/pace.js'
import {
  type GreyPicture,
  type Samples,
  canShow,
  geometryOf,
  layoutOf,
  paletteOf,
  pictureOf,
  readFrames,
} from '../../pixels/index.js'
import { decoderOf } from './codec-thread.js'
import { chosenFrames } from './inspect.js'

const LOOK_AHEAD = 0x11000

export interface Look {
  readonly headerBytes: number
  readonly rawDeflate: RawDeflate
}

/**
 * The first, the middle and the last frame; none if there are no pixels, or none that can be shown.
 * The source is not read to its end.
 *
 * @throws NocturneError if the instance cannot be read.
 */
export async function picturesOf(
  bytes: AsyncIterable<Buffer>,
  { headerBytes, rawDeflate }: Look,
): Promise<readonly GreyPicture[]> {
  const outer = new Reader(bytes, headerBytes + LOOK_AHEAD)
  const { syntax, end } = await readStart(outer)
  if (!syntax.isDeflated) return frames(outer, end, headerBytes, syntax)
  outer.forget(end)
  const source = inflated(outer.rest(), rawDeflate)
  try {
    return await frames(new Reader(source.bytes, headerBytes + LOOK_AHEAD), 0, headerBytes, syntax)
  } finally {
    await source.bytes.return()
  }
}

async function frames(
  reader: Reader,
  at: number,
  headerBytes: number,
  { uid, encoding }: { readonly uid: string; readonly encoding: Encoding },
): Promise<readonly GreyPicture[]> {
  const pace = new Pace()
  const skips = ({ tag }: { readonly tag: number }) => isPrivate(tag)
  const limit = at + headerBytes
  const head = await readHead({ reader, encoding, limit, budget: new Budget(pace), skips }, at)
  const { elements, pixels } = head
  const geometry = geometryOf(elements, reader.buffer, encoding)
  if (!pixels || !geometry || !canShow(geometry)) return []
  const isPalette = geometry.photometric === 'PALETTE COLOR'
  const palette = isPalette ? paletteOf(elements, reader.buffer, encoding) : undefined
  if (isPalette && !palette) return []
  reader.forget(head.end)
  await reader.skipUpTo(pixels.valueStart)
  const shown: GreyPicture[] = []
  const chosen = new Set(chosenFrames(geometry.frames))
  for await (const samples of samplesOf(reader, pixels, { uid, encoding }, geometry, chosen))
    shown.push(await pace.run(pictureOf(samples, palette, pace)))
  return shown
}

async function* samplesOf(
  reader: Reader,
  { vr, length }: NonNullable<Stretch['pixels']>,
  { uid, encoding }: { readonly uid: string; readonly encoding: Encoding },
  geometry: NonNullable<ReturnType<typeof geometryOf>>,
  chosen: ReadonlySet<number>,
): AsyncGenerator<Samples, void> {
  if (length !== UNDEFINED_LENGTH) {
    const layout = layoutOf(geometry, vr, length, encoding)
    if (layout?.unit !== 1) return
    const size = (layout.bitsOfPlane * layout.planes) / 8
    let at = 0
    for (const frame of chosen) {
      await reader.skipUpTo(frame * size - at)
      const parts: Buffer[] = []
      for await (const part of reader.take(size)) parts.push(part)
      at = (frame + 1) * size
      yield { bytes: Buffer.concat(parts), geometry, bigEndian: encoding.bigEndian }
    }
    return
  }
  const decoder = decoderOf(uid, geometry)
  if (!decoder) return
  const expected = { frames: geometry.frames, framing: decoder.framing }
  const { frames: all } = await readFrames(reader, encoding, expected)
  let index = 0
  for await (const fragments of all) {
    if (chosen.has(index))
      yield await decoder.decode(Buffer.concat(fragments), geometry, new Pace())
    index += 1
  }
}
