/** Uncompressed pixels on their way out, with some frames shown to a text detector as they pass. */
import { NocturneError } from '../../lib/errors.js'
import type { GreyPicture, TextDetector } from '../index.js'
import type { Layout } from './native.js'

/** Of a frame that is held. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

export interface Inspection {
  readonly detector: TextDetector
  readonly layout: Layout
  readonly bigEndian: boolean
  /** Nothing else speaks for the image: what cannot be told stops it. */
  readonly isNeeded: boolean
}

/** Whether frames of this layout can be shown. */
export const canInspect = ({ geometry, bitsOfPlane, planes, unit }: Layout): boolean =>
  (geometry.bitsAllocated === 8 || geometry.bitsAllocated === 16) &&
  unit === 1 &&
  (bitsOfPlane * planes) / 8 <= MAX_FRAME_BYTES

/**
 * The bytes as they are. The first, the middle and the last frame are looked at: banners stand in all frames of a loop.
 *
 * @throws NocturneError `text_in_pixels`; `pixels_at_risk` when it is needed and cannot be told. Discard what was read.
 */
export async function* inspected(
  source: AsyncIterable<Buffer>,
  { detector, layout, bigEndian, isNeeded }: Inspection,
): AsyncGenerator<Buffer, void> {
  const { frames } = layout.geometry
  const size = (layout.bitsOfPlane * layout.planes) / 8
  const chosen = [...new Set([0, frames >> 1, frames - 1])]
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
      const words = await detector.countWords(greyOf(frame, layout, bigEndian))
      frame = Buffer.alloc(0)
      if (words === undefined && isNeeded) throw new NocturneError('pixels_at_risk')
      if (words !== undefined && words > 0) throw new NocturneError('text_in_pixels')
    }
    at = end
  }
}

/** The brightest sample of each pixel, stretched over 8 bits. */
function greyOf(frame: Buffer, { geometry, bitsOfPixel }: Layout, bigEndian: boolean): GreyPicture {
  const { rows, columns, samples, bitsAllocated, isPlanar, isSigned, photometric } = geometry
  const bytes = bitsAllocated / 8
  const pixels = rows * columns
  // Of luminance and chrominance the first alone is brightness.
  const used = photometric.startsWith('YBR') ? 1 : samples
  const isHalved = photometric.endsWith('_422')
  const read = (at: number): number => {
    if (bytes === 1) return (frame[at] ?? 0) ^ (isSigned ? 0x80 : 0)
    const value = bigEndian ? frame.readUInt16BE(at) : frame.readUInt16LE(at)
    return value ^ (isSigned ? 0x8000 : 0)
  }
  const brightness = new Uint16Array(pixels)
  let [least, most] = [0xffff, 0]
  for (let pixel = 0; pixel < pixels; pixel++) {
    let value = 0
    for (let sample = 0; sample < used; sample++) {
      const at = isHalved
        ? (pixel >> 1) * 4 + (pixel & 1)
        : isPlanar
          ? (sample * pixels + pixel) * bytes
          : (pixel * bitsOfPixel) / 8 + sample * bytes
      value = Math.max(value, read(at))
    }
    brightness[pixel] = value
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const range = Math.max(1, most - least)
  const values = Uint8Array.from(brightness, (value) => Math.round(((value - least) * 255) / range))
  return { width: columns, height: rows, values }
}
