/** Passes frames through and shows some of them to a text detector. */
import { NocturneError } from '../../lib/errors.js'
import { pictureOf } from '../../pixels/index.js'
import type { GreyPicture, Layout, Palette, Samples } from '../../pixels/index.js'
import type { FoundWord, TextDetector } from '../contract.js'
import { atMost } from '../../lib/at-most.js'
import type { Pace } from '../../lib/pace.js'
import type { Judge } from './judge-words.js'

export interface Inspection {
  readonly detector: TextDetector
  /** No rule covers the image, so it passes only if the detector finds it clean. */
  readonly isNeeded: boolean
  /** Only for an image in PALETTE COLOR. */
  readonly palette: Palette | undefined
}

/** Inspects the first, the middle and the last frame: banners are in all frames of a loop. */
export const chosenFrames = (frames: number): number[] => [...new Set([0, frames >> 1, frames - 1])]

/**
 * Limits the pictures in progress to the number of the detector's threads, across all uploads, so
 * that no more frames are held decoded.
 */
const gates = new WeakMap<TextDetector, ReturnType<typeof atMost>>()

function gateOf(detector: TextDetector): ReturnType<typeof atMost> {
  const gate = gates.get(detector) ?? atMost(detector.threads)
  gates.set(detector, gate)
  return gate
}

/**
 * Shows one frame to the detector. If it throws, discard everything read so far.
 *
 * @throws NocturneError `text_in_pixels` when the frame contains suspicious text. When it cannot be
 *   decoded, or the detector cannot tell: `pixels_at_risk` if no rule covers the image,
 *   `pixels_not_cleaned` if it was blanked.
 */
export async function inspectFrame(
  inspection: Inspection,
  decode: () => Samples | Promise<Samples>,
  { judge, pace }: Looking,
): Promise<void> {
  const words = await readPicture(inspection, decode, pace)
  if (judge(words.map(({ text }) => text)))
    throw new NocturneError('text_in_pixels', { place: FOUND })
}

/**
 * What the detector reads in one frame.
 * @throws NocturneError as `inspectFrame`, except `text_in_pixels`
 */
export async function readPicture(
  inspection: Inspection,
  decode: () => Samples | Promise<Samples>,
  pace: Pace,
): Promise<readonly FoundWord[]> {
  const { detector, isNeeded } = inspection
  const words = await gateOf(detector)(async () => {
    pace.begin()
    return await detector.readWords(await show(decode, inspection, pace))
  })
  pace.begin()
  // A blanked image states in its header that it is clean, so the detector must have been able to
  // read it.
  if (words === undefined)
    throw new NocturneError(isNeeded ? 'pixels_at_risk' : 'pixels_not_cleaned', { place: UNREAD })
  return words
}

/** What is the same for every frame of an instance. */
export interface Looking {
  readonly judge: Judge
  readonly pace: Pace
}

const UNREAD = { rule: 'the text detector did not finish reading the image in time' }
export const FOUND = {
  rule: 'the text detector read a word, date or number that may identify the patient',
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

/**
 * Passes uncompressed pixels through unchanged.
 *
 * @throws NocturneError as `inspectFrame` does.
 */
export async function* inspectNative(
  source: AsyncIterable<Buffer>,
  { geometry, bitsOfPlane, planes, bigEndian }: Layout,
  inspection: Inspection,
  looking: Looking,
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
      await inspectFrame(inspection, () => ({ bytes, geometry, bigEndian }), looking)
    }
    at = end
  }
}
