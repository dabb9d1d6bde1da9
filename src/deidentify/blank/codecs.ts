/** What blanks frames of each compressed transfer syntax, and leaves every pixel outside the mask as it decodes. */
import type { Pace, Steps } from '../pace.js'
import { blackOf, type Geometry } from './geometry.js'
import { blankDctFrame } from './jpeg-dct.js'
import { blankLosslessFrame } from './jpeg-lossless.js'
import type { Mask } from './mask.js'
import { blankRleFrame, canBlankRle } from './rle.js'
import type { WasmCodec } from './wasm-codecs.js'
import { blankInThread } from './wasm-thread.js'

export interface Codec {
  /** What Photometric Interpretation becomes, where the frames that are written have another than those that came. */
  readonly photometric?: string
  /** Whether a fragment can be the first of a frame. */
  startsFrame(fragment: Buffer): boolean
  /** @throws NocturneError `malformed`, `pixels_not_cleaned` */
  blank(frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace): Promise<Buffer>
}

/** Of a decoded frame, which is held whole. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024

type BlankFrame = (frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace) => Steps<Buffer>

const codec = (blankFrame: BlankFrame, start?: number): Codec => ({
  startsFrame: (fragment) =>
    start === undefined || (fragment.length > 2 && fragment.readUInt16BE(0) === start),
  blank: (frame, geometry, mask, pace) => pace.run(blankFrame(frame, geometry, mask, pace)),
})

const wasmCodec = (codec: WasmCodec, start: number, photometric?: string): Codec => ({
  startsFrame: (fragment) => fragment.length > 2 && fragment.readUInt16BE(0) === start,
  blank: (frame, geometry, mask) => blankInThread({ codec, frame, geometry, mask }),
  ...(photometric !== undefined && { photometric }),
})

/** Start of Image of JPEG and JPEG-LS, and Start of Codestream of JPEG 2000. */
const START_OF_IMAGE = 0xffd8
const START_OF_CODESTREAM = 0xff4f
const RLE = codec(blankRleFrame)
const JPEG = codec(blankDctFrame, START_OF_IMAGE)
const LOSSLESS_JPEG = codec(blankLosslessFrame, START_OF_IMAGE)
const JPEG_LS = wasmCodec('jpeg-ls', START_OF_IMAGE)
const JPEG_2000 = wasmCodec('jpeg-2000', START_OF_CODESTREAM)
/** Colour that is written without loss has gone through the reversible transform (PS3.5 8.2.4). */
const JPEG_2000_COLOUR = wasmCodec('jpeg-2000', START_OF_CODESTREAM, 'YBR_RCT')

/** Undefined where pixels would be lost, or the syntax or layout is not known here. */
export function codecOf(syntax: string, geometry: Geometry): Codec | undefined {
  const { rows, columns, samples, bitsAllocated, photometric } = geometry
  if (rows * columns * samples * Math.ceil(bitsAllocated / 8) > MAX_DECODED_BYTES) return undefined
  if (blackOf(geometry) === undefined) return undefined
  switch (syntax) {
    case '1.2.840.10008.1.2.5':
      return canBlankRle(geometry) ? RLE : undefined
    case '1.2.840.10008.1.2.4.50':
    case '1.2.840.10008.1.2.4.51':
      return JPEG
    case '1.2.840.10008.1.2.4.57':
    case '1.2.840.10008.1.2.4.70':
      return LOSSLESS_JPEG
    case '1.2.840.10008.1.2.4.80':
    case '1.2.840.10008.1.2.4.81':
      return bitsAllocated <= 16 ? JPEG_LS : undefined
    case '1.2.840.10008.1.2.4.90':
    case '1.2.840.10008.1.2.4.91':
      if (bitsAllocated > 16 || photometric.startsWith('YBR_FULL')) return undefined
      return samples === 3 ? JPEG_2000_COLOUR : JPEG_2000
    default:
      return undefined
  }
}
