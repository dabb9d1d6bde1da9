/** One frame as a text detector sees it: the brightness of each pixel, as 8 bits. */
import type { Pace, Steps } from '../lib/pace.js'
import type { Geometry } from './geometry.js'
import type { Palette } from './palette.js'

/** The brightness of one frame, row by row. */
export interface GreyPicture {
  readonly width: number
  readonly height: number
  /** From 0, the darkest, to 255, the brightest. */
  readonly values: Uint8Array
}

/** A frame that is not compressed, or has been decompressed. */
export interface Samples {
  readonly bytes: Uint8Array
  /**
   * How the samples are laid out. Bits, planes and colours may differ from what the header states
   * for the compressed frame.
   */
  readonly geometry: Geometry
  readonly bigEndian: boolean
}

/** A screen has two million pixels, a large X-ray 16 million. */
const MAX_PIXELS = 16_000_000
const MAX_BYTES = 64 * 1024 * 1024

/** Pixels processed before checking whether to yield. */
const STRETCH = 4096

/** Whether frames of this geometry can be converted to a picture. */
export const canShow = ({ rows, columns, samples, bitsAllocated }: Geometry): boolean =>
  (bitsAllocated === 8 || bitsAllocated === 16) &&
  rows * columns <= MAX_PIXELS &&
  (rows * columns * samples * bitsAllocated) / 8 <= MAX_BYTES

/** Writes one sample, little endian. */
export function putSample(
  bytes: Buffer,
  bitsAllocated: number,
  index: number,
  value: number,
): void {
  if (bitsAllocated === 8) bytes[index] = value
  else bytes.writeUInt16LE(value & 0xffff, 2 * index)
}

/** Takes the brightest sample of each pixel, scaled to 8 bits. */
export function* pictureOf(
  { bytes, geometry, bigEndian }: Samples,
  palette: Palette | undefined,
  pace: Pace,
): Steps<GreyPicture> {
  const { rows, columns, samples, bitsAllocated, isPlanar, photometric } = geometry
  const bytesOfSample = bitsAllocated / 8
  const pixels = rows * columns
  // In YBR only the first sample is brightness.
  const used = photometric.startsWith('YBR') ? 1 : samples
  const isHalved = photometric.endsWith('_422')
  const read = reader(bytes, geometry, bigEndian)
  const shades = palette?.brightness
  const first = palette?.first ?? 0
  const brightness = new Uint16Array(pixels)
  let [least, most] = [0xffff, 0]
  for (let pixel = 0; pixel < pixels; pixel++) {
    let value = 0
    for (let sample = 0; sample < used; sample++) {
      const at = isHalved
        ? (pixel >> 1) * 4 + (pixel & 1)
        : (isPlanar ? sample * pixels + pixel : pixel * samples + sample) * bytesOfSample
      value = Math.max(value, read(at))
    }
    if (shades) value = shades[Math.min(Math.max(value - first, 0), shades.length - 1)] ?? 0
    brightness[pixel] = value
    least = Math.min(least, value)
    most = Math.max(most, value)
    if (pixel % STRETCH === 0 && pace.isDue(STRETCH >> 5)) yield
  }
  const stretch = 255 / Math.max(1, most - least)
  const values = new Uint8Array(pixels)
  for (let pixel = 0; pixel < pixels; pixel++) {
    values[pixel] = Math.round(((brightness[pixel] ?? 0) - least) * stretch)
    if (pixel % STRETCH === 0 && pace.isDue(STRETCH >> 6)) yield
  }
  return { width: columns, height: rows, values }
}

function reader(
  bytes: Uint8Array,
  { bitsAllocated, bitsStored, highBit, isSigned }: Geometry,
  bigEndian: boolean,
): (at: number) => number {
  const [high, low] = bigEndian ? [0, 1] : [1, 0]
  const raw =
    bitsAllocated === 8
      ? (at: number) => bytes[at] ?? 0
      : (at: number) => ((bytes[at + high] ?? 0) << 8) | (bytes[at + low] ?? 0)
  if (!isSigned) return raw
  // The sign may or not extend into the bits above `highBit`. Counting from the smallest value
  // works in both cases.
  const shift = highBit + 1 - bitsStored
  const sign = 1 << (bitsStored - 1)
  return (at) => ((raw(at) >> shift) ^ sign) & (2 * sign - 1)
}
