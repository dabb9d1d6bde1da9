/** What blanks frames of each compressed transfer syntax, and leaves every pixel outside the mask as it decodes. */
import type { Pace } from '../pace.js'
import type { Geometry } from './geometry.js'
import type { Mask } from './mask.js'
import { blankRleFrame, canBlankRle } from './rle.js'

export interface Codec {
  /** Whether a fragment can be the first of a frame. */
  startsFrame(fragment: Buffer): boolean
  /** @throws NocturneError `malformed`, `pixels_not_cleaned` */
  blank(frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace): Promise<Buffer>
}

/** Of a decoded frame, which is held whole. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024

const rle: Codec = {
  startsFrame: () => true,
  blank: (frame, geometry, mask, pace) => pace.run(blankRleFrame(frame, geometry, mask, pace)),
}

/** Undefined where pixels would be lost, or the syntax or layout is not known here. */
export function codecOf(syntax: string, geometry: Geometry): Codec | undefined {
  const { rows, columns, samples, bitsAllocated } = geometry
  if (rows * columns * samples * Math.ceil(bitsAllocated / 8) > MAX_DECODED_BYTES) return undefined
  if (syntax === '1.2.840.10008.1.2.5') return canBlankRle(geometry) ? rle : undefined
  return undefined
}
