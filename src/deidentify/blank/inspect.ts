/** Frames on their way out, some of them shown to a text detector. */
import { NocturneError } from '../../lib/errors.js'
import { pictureOf } from '../../pixels/index.js'
import type { GreyPicture, Layout, Palette, Samples } from '../../pixels/index.js'
import type { TextDetector } from '../contract.js'
import { inTurn } from '../../lib/in-turn.js'
import type { Pace } from '../../lib/pace.js'

export interface Inspection {
  readonly detector: TextDetector
  /** Nothing else speaks for the image: what cannot be told stops it. */
  readonly isNeeded: boolean
  /** Of an image in PALETTE COLOR. */
  readonly palette: Palette | undefined
}

/** The first, the middle and the last frame are looked at: banners stand in all frames of a loop. */
export const chosenFrames = (frames: number): number[] => [...new Set([0, frames >> 1, frames - 1])]

/** One picture at a time, however many uploads there are: no more frames than one stand decoded. */
const oneAtATime = inTurn()

/**
 * Shows one frame.
 *
 * @throws NocturneError `text_in_pixels`; when it cannot be decoded, or the detector cannot tell and is needed,
 * `pixels_at_risk`, or `pixels_not_cleaned` for a frame that was blanked. Discard what was read.
 */
export async function inspectFrame(
  inspection: Inspection,
  decode: () => Samples | Promise<Samples>,
  pace: Pace,
): Promise<void> {
  const { detector, isNeeded } = inspection
  const words = await oneAtATime(async () => {
    pace.begin()
    return await detector.countWords(await show(decode, inspection, pace))
  })
  pace.begin()
  if (words === undefined && isNeeded) throw new NocturneError('pixels_at_risk')
  if (words !== undefined && words > 0) throw new NocturneError('text_in_pixels')
}

async function show(
  decode: () => Samples | Promise<Samples>,
  { isNeeded, palette }: Inspection,
  pace: Pace,
): Promise<GreyPicture> {
  try {
    return await pace.run(pictureOf(await decode(), palette, pace))
  } catch (error) {
    throw new NocturneError(isNeeded ? 'pixels_at_risk' : 'pixels_not_cleaned', { cause: error })
  }
}

/** Uncompressed pixels as they are. @throws NocturneError as `inspectFrame` does. */
export async function* inspectNative(
  source: AsyncIterable<Buffer>,
  { geometry, bitsOfPlane, planes, bigEndian }: Layout,
  inspection: Inspection,
  pace: Pace,
): AsyncGenerator<Buffer, void> {
  const size = (bitsOfPlane * planes) / 8
  const chosen = chosenFrames(geometry.frames)
  let frame = Buffer.alloc(0)
  let at = 0
  for await (const chunk of source) {
    yield chunk
    const end = at + chunk.length
    for (let [first] = chosen; first !== undefined && first * size < end; [first] = chosen) {
      const start = first * size
      if (frame.length === 0) frame = Buffer.alloc(size)
      const from = Math.max(start, at)
      chunk.copy(frame, from - start, from - at)
      if (end < start + size) break
      chosen.shift()
      const bytes = frame
      frame = Buffer.alloc(0)
      await inspectFrame(inspection, () => ({ bytes, geometry, bigEndian }), pace)
    }
    at = end
  }
}
