/** Whether an image is complete, as far as its header tells, before any pixels arrive. */
import { NocturneError } from '../../lib/errors.js'
import { hex } from '../../dicom/dictionary/index.js'
import { RT_DOSE, isImageClass } from '../../dicom/pixel-data/index.js'
import {
  type Element,
  UNDEFINED_LENGTH,
  findElement,
  readerOf,
  readUint16,
} from '../../dicom/elements/index.js'
import type { Stretch, Syntax } from '../../dicom/index.js'
import { MAX_FRAMES } from '../../pixels/index.js'

/** Rows, Columns, Bits Allocated. */
const LAYOUT = [0x00280010, 0x00280011, 0x00280100] as const
const PIXEL_DATA = 0x7fe00010
const DVH_SEQUENCE = 0x30040050
/** Implicit and explicit, little and big endian, deflated. */
const UNCOMPRESSED = /^1\.2\.840\.10008\.1\.2(?:\.[12]|\.1\.99)?$/

const RULES = {
  noPixels: 'an image of this SOP Class has Pixel Data (PS3.3 section C.7.6.3)',
  noLayout: 'an image says its Rows, Columns and Bits Allocated (PS3.3 Table C.7-11c)',
  short: 'Pixel Data is shorter than its Rows, Columns and Bits Allocated say (PS3.5 section 8.1)',
} as const

/**
 * A file that was cut off between two elements looks complete; it is recognized by the elements
 * that an image of its class must have. Frames of encapsulated Pixel Data are counted in the
 * stream.
 *
 * @throws NocturneError `image_incomplete`
 */
export function expectWholeImage(
  { elements, pixels }: Stretch,
  buffer: Buffer,
  syntax: Syntax,
  sopClassUID: string,
): void {
  const number = (tag: number): number => {
    const found = findElement(elements, tag)
    return (found && readUint16(found, buffer, syntax.encoding)) ?? 0
  }
  const missing = LAYOUT.find((tag) => number(tag) === 0)
  if (isImageClass(sopClassUID) && !(sopClassUID === RT_DOSE && isWithoutGrid(elements))) {
    if (!pixels) throw incomplete(RULES.noPixels, PIXEL_DATA)
    if (missing !== undefined) throw incomplete(RULES.noLayout, missing)
  }
  const isCounted = pixels && pixels.length !== UNDEFINED_LENGTH && UNCOMPRESSED.test(syntax.uid)
  if (missing !== undefined || !isCounted) return
  const samples = number(0x00280002) || 1
  const photometric = readerOf(elements, buffer)(0x00280004)
  const share = samples === 3 ? shareOf(photometric) : 1
  const [rows = 0, columns = 0, bits = 0] = LAYOUT.map(number)
  const all = rows * columns * bits * samples * share * framesOf(elements, buffer)
  if (pixels.length < Math.ceil(all / 8)) throw incomplete(RULES.short, pixels.tag)
}

/** Two pixels in a row, or four in a square, share one pair of chroma samples. */
function shareOf(photometric: string): number {
  if (photometric.endsWith('_422')) return 2 / 3
  return photometric.endsWith('_420') ? 1 / 2 : 1
}

/** Number of Frames; 1 if it is absent or not a number. */
export function framesOf(elements: readonly Element[], buffer: Buffer): number {
  const frames = Number(readerOf(elements, buffer)(0x00280008))
  return Number.isInteger(frames) && frames >= 1 && frames <= MAX_FRAMES ? frames : 1
}

const isWithoutGrid = (elements: readonly Element[]): boolean =>
  (findElement(elements, DVH_SEQUENCE)?.items?.length ?? 0) > 0 &&
  !LAYOUT.some((tag) => findElement(elements, tag))

const incomplete = (rule: string, tag: number): NocturneError =>
  new NocturneError('image_incomplete', { place: { rule, path: hex(tag) } })
