/**
 * Looks for writing on a plain X-ray before its header is made, and blanks it where it stands: the
 * header says whether that was done. The frame is held in memory until it is written out.
 */
import { NocturneError } from '../../lib/errors.js'
import { Reader } from '../../dicom/index.js'
import type { Stretch, Syntax } from '../../dicom/index.js'
import { areaOf, blankNative, maskOf, readFrames } from '../../pixels/index.js'
import type { Mask, Rectangle, Samples } from '../../pixels/index.js'
import type { FoundWord } from '../contract.js'
import { FOUND, readPicture } from './inspect.js'
import type { Inspection, Looking } from './inspect.js'
import type { Judge } from './judge-words.js'
import { screenSlice } from './screen.js'
import type { PixelVerdict, PixelWork, Seeking } from './plan.js'

/** A compressed frame and what follows it. More is not held in memory. */
const MOST_AHEAD = 80 * 1024 * 1024
/** A second reading may find words that brighter ones outshone. */
const READINGS = 4
/** Writing covers less of an image than this. */
const MOST_BLANKED = 0.08

/** An image whose header has been read. */
export interface Ahead {
  readonly reader: Reader
  readonly head: Stretch
  readonly encoding: Syntax['encoding']
}

/**
 * Reads the frame, if the verdict asks for it, and returns a verdict that knows the result.
 *
 * @param series key of its series
 * @throws NocturneError as `seekText`
 */
export async function lookAhead(
  image: Ahead,
  judged: PixelVerdict,
  looking: Looking,
  series: () => string,
): Promise<PixelVerdict> {
  const { seeking, work } = judged
  if (!seeking?.isSample || !work?.inspection) return seekText(image, judged, looking)
  const seek = () => seekText(image, judged, looking)
  await screenSlice(work.inspection.detector, series(), seek)
  return { ...judged, work: undefined }
}

/**
 * @returns a verdict under which the pixels are not inspected again: they pass as they are, or are
 *   blanked where words were. The given verdict if the frame cannot be read ahead: the inspection
 *   in the stream then finds out why.
 * @throws NocturneError `text_in_pixels` when words cannot be located with certainty or cannot be
 *   blanked, `pixels_at_risk` when the detector cannot tell.
 */
async function seekText(
  { reader, head: { end, pixels }, encoding }: Ahead,
  judged: PixelVerdict,
  looking: Looking,
): Promise<PixelVerdict> {
  const { work, seeking } = judged
  if (!pixels || !work?.inspection || !seeking) return judged
  const isNative = work.kind === 'native'
  const most = isNative ? pixels.valueStart + pixels.length : MOST_AHEAD
  const ahead = await reader.peek(end, most)
  const bytes = isNative
    ? Buffer.concat(ahead).subarray(pixels.valueStart, pixels.valueStart + work.layout.bytes)
    : await frameIn(ahead, pixels.valueStart, work.decoder.framing, encoding)
  if (!bytes || (isNative && bytes.length < work.layout.bytes)) return judged
  return seek({ bytes, work, seeking, inspection: work.inspection }, judged, looking)
}

/** Undefined if it is not complete, or not one that its decoder expects. */
async function frameIn(
  ahead: readonly Buffer[],
  valueStart: number,
  framing: Extract<PixelWork, { kind: 'compressed' }>['decoder']['framing'],
  encoding: Syntax['encoding'],
): Promise<Buffer | undefined> {
  const reader = new Reader(inOrder(ahead), MOST_AHEAD)
  try {
    await reader.skipUpTo(valueStart)
    const { frames } = await readFrames(reader, encoding, { frames: 1, framing })
    let found: Buffer | undefined
    for await (const fragments of frames) found = Buffer.concat(fragments)
    return found
  } catch (error) {
    if (error instanceof NocturneError) return undefined
    throw error
  }
}

async function* inOrder(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield await Promise.resolve(part)
}

interface Frame {
  readonly bytes: Buffer
  readonly work: PixelWork
  readonly seeking: Seeking
  readonly inspection: Inspection
}

async function seek(frame: Frame, judged: PixelVerdict, looking: Looking): Promise<PixelVerdict> {
  const { judge, pace } = looking
  const { geometry } = frame.seeking
  const rectangles: Rectangle[] = []
  let written = frame.bytes
  for (let reading = 1; ; reading++) {
    const shown = written
    const decode = () => samplesOf(frame, shown, looking)
    const words = await readPicture(frame.inspection, decode, pace)
    const mask = maskOf(rectangles, geometry)
    if (!judge(words.map(({ text }) => text))) return verdictOn(judged, frame, mask, written)
    const places = placesOf(words, judge)
    if (!places || reading === READINGS) throw found()
    rectangles.push(...places)
    const grown = maskOf(rectangles, geometry)
    if (areaOf(grown) > MOST_BLANKED * geometry.rows * geometry.columns) throw found()
    written = await blanked(frame, grown, looking)
  }
}

const found = (): NocturneError => new NocturneError('text_in_pixels', { place: FOUND })

function samplesOf({ work }: Frame, bytes: Buffer, { pace }: Looking): Samples | Promise<Samples> {
  if (work.kind === 'compressed') return work.decoder.decode(bytes, work.geometry, pace)
  const { geometry, bigEndian } = work.layout
  return { bytes, geometry, bigEndian }
}

/** @throws NocturneError `text_in_pixels` if its encoding cannot be written again without loss */
async function blanked({ bytes, seeking }: Frame, mask: Mask, { pace }: Looking): Promise<Buffer> {
  const work = seeking.workWith(mask)
  if (work?.kind === 'native') {
    const parts: Buffer[] = []
    for await (const part of blankNative(inOrder([bytes]), work.layout, mask)) parts.push(part)
    return Buffer.concat(parts)
  }
  if (!work?.blank) throw found()
  try {
    pace.begin()
    return await work.blank(bytes, pace)
  } catch (error) {
    if (error instanceof NocturneError) throw found()
    throw error
  }
}

/**
 * The places of all words that may identify the patient. Undefined if one of them stands at none of
 * these places, or if the words that stay are suspicious together.
 */
function placesOf(words: readonly FoundWord[], judge: Judge): readonly Rectangle[] | undefined {
  const suspects = words.filter(({ text }) => judge([text]))
  const places = suspects.flatMap(({ place }) => (place ? [place] : []))
  const others = words.filter(({ box }) => !places.some((one) => isMostlyIn(one, box)))
  return places.length > 0 && !judge(others.map(({ text }) => text)) ? places : undefined
}

/** The same word is read more than once, with boxes that differ a little. */
const MOSTLY = 0.7

function isMostlyIn(place: Rectangle, box: Rectangle): boolean {
  const width = Math.min(place.x + place.width, box.x + box.width) - Math.max(place.x, box.x)
  const height = Math.min(place.y + place.height, box.y + box.height) - Math.max(place.y, box.y)
  return width > 0 && height > 0 && width * height >= MOSTLY * box.width * box.height
}

/** What remains was read and judged clean. */
function verdictOn(
  judged: PixelVerdict,
  { work, seeking, bytes }: Frame,
  mask: Mask,
  written: Buffer,
): PixelVerdict {
  if (written === bytes) return { ...judged, work: { ...work, inspection: undefined } }
  const masked = seeking.workWith(mask)
  if (!masked) throw found()
  return {
    ...judged,
    isAtRisk: false,
    blanking: { rule: 'where words were read', photometric: seeking.photometric, isRead: true },
    // A compressed frame is not encoded a second time.
    work: masked.kind === 'native' ? masked : { ...masked, blank: () => Promise.resolve(written) },
  }
}
