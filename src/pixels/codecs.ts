/**
 * Decoders for the frames of each compressed transfer syntax, and encoders that blank part of a
 * frame while all other pixels decode to the same values.
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
  /**
   * The samples of one frame.
   *
   * @throws NocturneError `malformed`, `pixels_not_cleaned`
   */
  decode(frame: Buffer, geometry: Geometry, pace: Pace): Promise<Samples>
}

export interface Codec extends Decoder {
  /**
   * The new Photometric Interpretation, if the frames written use a different one from those read.
   */
  readonly photometric?: string
  /**
   * Returns one frame with the mask blanked.
   *
   * @throws NocturneError `malformed`, `pixels_not_cleaned`
   */
  blank(frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace): Promise<Buffer>
}

/** Per decoded frame, which is held in memory whole. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024

const codec = (
  framing: Framing,
  blank: (frame: Buffer, geometry: Geometry, mask: Mask, pace: Pace) => Steps<Buffer>,
  decode: (frame: Buffer, geometry: Geometry, pace: Pace) => Steps<Samples>,
): Codec => ({
  framing,
  blank: async (frame, geometry, mask, pace) => pace.run(blank(frame, geometry, mask, pace)),
  decode: async (frame, geometry, pace) => pace.run(decode(frame, geometry, pace)),
})

/**
 * Runs the WebAssembly codecs. They are third-party code, so they belong in a separate thread or
 * worker.
 */
export interface WasmRunner {
  /** @throws NocturneError `pixels_not_cleaned` */
  blank(asked: WasmFrame & { readonly mask: Mask }): Promise<Buffer>
  /** @throws NocturneError `pixels_not_cleaned` */
  decode(asked: WasmFrame): Promise<Samples>
}

export interface Codecs {
  /**
   * Undefined if blanking would change other pixels, or if the syntax or pixel layout is not
   * supported.
   */
  readonly codecOf: (syntax: string, geometry: Geometry) => Codec | undefined
  /** Undefined if the syntax or pixel layout is not supported, or a frame is too large. */
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
/** HTJ2K: OpenJPEG decodes it too, but does not write it. */
const HIGH_THROUGHPUT: ReadonlySet<string> = new Set(
  ['201', '202', '203'].map((last) => `1.2.840.10008.1.2.4.${last}`),
)

export function codecsWith(runner: WasmRunner): Codecs {
  const inWasm = wasmCodec(runner)
  const jpegLs = inWasm('jpeg-ls', 'jpeg')
  const jpeg2000 = inWasm('jpeg-2000', 'jpeg 2000')
  // Colour that is encoded losslessly has gone through the reversible transform (PS3.5 8.2.4).
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
