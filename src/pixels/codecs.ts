/**
 * What decodes frames of each compressed transfer syntax, and what blanks them and leaves every
 * other pixel as it decodes.
 */
import type { Framing } from '../dicom/pixel-data/index.js'
import type { Pace, Steps } from '../lib/pace.js'
import { blackOf, type Geometry } from './geometry.js'
import { blankDctFrame } from './jpeg-dct.js'
import { blankLosslessFrame, decodeLosslessFrame } from './jpeg-lossless.js'
import { decodeDctFrame } from './jpeg-pixels.js'
import type { Mask } from './mask.js'
import type { Samples } from './picture.js'
import { blankRleFrame, canBlankRle, decodeRleFrame } from './rle.js'
import type { WasmCodec, WasmFrame } from './wasm-codecs.js'

export interface Decoder {
  readonly framing: Framing
  /** The samples of one frame. @throws NocturneError `malformed`, `pixels_not_cleaned` */
  decode(frame: Buffer, geometry: Geometry, pace: Pace): Promise<Samples>
}

export interface Codec extends Decoder {
  /**
   * What Photometric Interpretation becomes, where the frames that are written have another than
   * those that came.
   */
  readonly photometric?: string
  /** One frame with the mask blanked. @throws NocturneError `malformed`, `pixels_not_cleaned` */
  blank(frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace): Promise<Buffer>
}

/** Of a decoded frame, which is held whole. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024

const codec = (
  framing: Framing,
  blank: (frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace) => Steps<Buffer>,
  decode: (frame: Buffer, geometry: Geometry, pace: Pace) => Steps<Samples>,
): Codec => ({
  framing,
  blank: (frame, geometry, mask, pace) => pace.run(blank(frame, geometry, mask, pace)),
  decode: (frame, geometry, pace) => pace.run(decode(frame, geometry, pace)),
})

/**
 * Runs the codecs in WebAssembly: they are other people's code, and belong into a thread or worker.
 */
export interface WasmRunner {
  /** @throws NocturneError `pixels_not_cleaned` */
  blank(asked: WasmFrame & { readonly mask: Mask }): Promise<Buffer>
  /** @throws NocturneError `pixels_not_cleaned` */
  decode(asked: WasmFrame): Promise<Samples>
}

export interface Codecs {
  /** Undefined where pixels would be lost, or the syntax or layout is not known here. */
  readonly codecOf: (syntax: string, geometry: Geometry) => Codec | undefined
  /** Undefined where the syntax or layout is not known here, or a frame is too large. */
  readonly decoderOf: (syntax: string, geometry: Geometry) => Decoder | undefined
}

const wasmCodec =
  (runner: WasmRunner) =>
  (codec: WasmCodec, framing: Framing, photometric?: string): Codec => ({
    framing,
    blank: (frame, geometry, mask) => runner.blank({ codec, frame, geometry, mask }),
    decode: (frame, geometry) => runner.decode({ codec, frame, geometry }),
    ...(photometric !== undefined && { photometric }),
  })

const RLE = codec('fragment', blankRleFrame, decodeRleFrame)
const JPEG = codec('jpeg', blankDctFrame, decodeDctFrame)
const LOSSLESS_JPEG = codec('jpeg', blankLosslessFrame, decodeLosslessFrame)

const LOSSLESS_JPEG_2000 = '1.2.840.10008.1.2.4.90'
/** HTJ2K: decoded by OpenJPEG, too, but not written. */
const HIGH_THROUGHPUT: ReadonlySet<string> = new Set(
  ['201', '202', '203'].map((last) => `1.2.840.10008.1.2.4.${last}`),
)

export function codecsWith(runner: WasmRunner): Codecs {
  const inWasm = wasmCodec(runner)
  const jpegLs = inWasm('jpeg-ls', 'jpeg')
  const jpeg2000 = inWasm('jpeg-2000', 'jpeg 2000')
  // Colour that is written without loss has gone through the reversible transform (PS3.5 8.2.4).
  const jpeg2000Colour = inWasm('jpeg-2000', 'jpeg 2000', 'YBR_RCT')
  const codecOf = (syntax: string, geometry: Geometry): Codec | undefined => {
    if (!canHold(geometry)) return undefined
    const { samples, bitsAllocated, photometric } = geometry
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
        return bitsAllocated <= 16 ? jpegLs : undefined
      case LOSSLESS_JPEG_2000:
      case '1.2.840.10008.1.2.4.91':
        if (bitsAllocated > 16 || photometric.startsWith('YBR_FULL')) return undefined
        return samples === 3 ? jpeg2000Colour : jpeg2000
      default:
        return undefined
    }
  }
  const decoderOf = (syntax: string, geometry: Geometry): Decoder | undefined =>
    codecOf(HIGH_THROUGHPUT.has(syntax) ? LOSSLESS_JPEG_2000 : syntax, geometry)
  return { codecOf, decoderOf }
}

const canHold = (geometry: Geometry): boolean => {
  const { rows, columns, samples, bitsAllocated } = geometry
  const bytes = rows * columns * samples * Math.ceil(bitsAllocated / 8)
  return bytes <= MAX_DECODED_BYTES && blackOf(geometry) !== undefined
}
