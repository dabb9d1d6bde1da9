/**
 * JPEG-LS and JPEG 2000, by CharLS and OpenJPEG in WebAssembly. To blank a frame it is decoded and
 * encoded again losslessly. The decoded pixels of a lossy frame are kept exactly, in the same
 * transfer syntax, which also allows lossless frames.
 */
import loadCharLS, { type FrameInfo } from '@cornerstonejs/codec-charls/wasmjs'
import loadOpenJPEG from '@cornerstonejs/codec-openjpeg/wasmjs'
import { NocturneError } from '../lib/errors.js'
import { blackOf, type Geometry } from './geometry.js'
import type { Mask } from './mask.js'
import type { Samples } from './picture.js'
import { allowMemoryFor, wasmOptionsFor, type WasmBytes } from './wasm-memory.js'

export type WasmCodec = 'jpeg-ls' | 'jpeg-2000'

export interface WasmFrame {
  readonly codec: WasmCodec
  readonly frame: Uint8Array
  readonly geometry: Geometry
}

let charls: ReturnType<typeof loadCharLS> | undefined
let openjpeg: ReturnType<typeof loadOpenJPEG> | undefined

/** A frame as returned by its decoder. */
interface Decoded {
  /** A copy, with one or two bytes per sample. */
  readonly pixels: Buffer
  readonly bits: number
  readonly isSigned: boolean
  /** JPEG-LS only: interleaved by plane, line or pixel, in the encoder's numbering. */
  readonly interleaving: number
  /** True for JPEG-LS without interleaving; JPEG 2000 is always decoded by pixel. */
  readonly isPlanar: boolean
}

interface Parts {
  /** Whether the frame has the size stated in the DICOM header. */
  readonly isAsDeclared: (bytes: Buffer, geometry: Geometry) => boolean
  readonly decode: (frame: Buffer, geometry: Geometry, load: WasmBytes) => Promise<Decoded>
  readonly encode: (decoded: Decoded, geometry: Geometry, load: WasmBytes) => Promise<Uint8Array>
  /** Discards the module, so that it is loaded again for the next frame. */
  readonly forget: () => void
}

const PARTS: Readonly<Record<WasmCodec, Parts>> = {
  'jpeg-ls': {
    isAsDeclared: isJpegLs,
    decode: decodeJpegLs,
    encode: encodeJpegLs,
    forget: () => (charls = undefined),
  },
  'jpeg-2000': {
    isAsDeclared: isJpeg2000,
    decode: decodeJpeg2000,
    encode: encodeJpeg2000,
    forget: () => (openjpeg = undefined),
  },
}

/**
 * Returns one frame with the mask blanked.
 *
 * @throws NocturneError `pixels_not_cleaned`
 */
export const blankWasmFrame = (
  asked: WasmFrame & { readonly mask: Mask },
  load: WasmBytes,
): Promise<Uint8Array> =>
  guarded(asked, async (bytes, { decode, encode }) => {
    const { geometry, mask } = asked
    const decoded = await decode(bytes, geometry, load)
    fill(decoded, geometry, mask)
    return await encode(decoded, geometry, load)
  })

/**
 * The samples of one frame.
 *
 * @throws NocturneError `pixels_not_cleaned`
 */
export const decodeWasmFrame = (asked: WasmFrame, load: WasmBytes): Promise<Samples> =>
  guarded(asked, async (bytes, { decode }) => {
    const { geometry } = asked
    const { pixels, bits, isSigned, isPlanar } = await decode(bytes, geometry, load)
    // The decoder reverses the JPEG 2000 colour transforms.
    const photometric = geometry.photometric.replace(/^YBR_[RI]CT$/, 'RGB')
    const stored = { bitsAllocated: bits > 8 ? 16 : 8, bitsStored: bits, highBit: bits - 1 }
    const layout = { ...geometry, ...stored, isSigned, isPlanar, photometric }
    return { bytes: pixels, geometry: layout, bigEndian: false }
  })

async function guarded<T>(
  { codec, frame, geometry }: WasmFrame,
  work: (bytes: Buffer, parts: Parts) => Promise<T>,
): Promise<T> {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
  const parts = PARTS[codec]
  // A decoder allocates as much as the frame declares, so the declared size is checked first.
  if (!parts.isAsDeclared(bytes, geometry)) throw new NocturneError('pixels_not_cleaned')
  allowMemoryFor(geometry)
  try {
    return await work(bytes, parts)
  } catch (error) {
    // A codec throws numbers and strings of its own, and leaves its memory in an unknown state.
    parts.forget()
    if (error instanceof NocturneError) throw error
    throw new NocturneError('pixels_not_cleaned')
  }
}

async function decodeJpegLs(frame: Buffer, geometry: Geometry, load: WasmBytes): Promise<Decoded> {
  charls ??= loadCharLS(await wasmOptionsFor('codec-charls', load))
  const decoder = new (await charls).JpegLSDecoder()
  try {
    decoder.getEncodedBuffer(frame.length).set(frame)
    decoder.decode()
    const info = decoder.getFrameInfo()
    const pixels = expectPixels(decoder.getDecodedBuffer(), info, geometry)
    const interleaving = decoder.getInterleaveMode()
    const { bitsPerSample: bits } = info
    const isPlanar = interleaving === 0
    return { pixels, bits, isSigned: geometry.isSigned, interleaving, isPlanar }
  } finally {
    decoder.delete()
  }
}

async function encodeJpegLs(
  { pixels, bits, interleaving }: Decoded,
  geometry: Geometry,
  load: WasmBytes,
) {
  charls ??= loadCharLS(await wasmOptionsFor('codec-charls', load))
  const encoder = new (await charls).JpegLSEncoder()
  try {
    encoder.getDecodedBuffer(infoOf(bits, geometry)).set(pixels)
    encoder.setNearLossless(0)
    encoder.setInterleaveMode(interleaving)
    encoder.encode()
    return Uint8Array.from(encoder.getEncodedBuffer())
  } finally {
    encoder.delete()
  }
}

async function decodeJpeg2000(
  frame: Buffer,
  geometry: Geometry,
  load: WasmBytes,
): Promise<Decoded> {
  openjpeg ??= loadOpenJPEG(await wasmOptionsFor('codec-openjpeg', load))
  const decoder = new (await openjpeg).J2KDecoder()
  try {
    decoder.getEncodedBuffer(frame.length).set(frame)
    decoder.decode()
    const info = decoder.getFrameInfo()
    const pixels = expectPixels(decoder.getDecodedBuffer(), info, geometry)
    const { bitsPerSample: bits, isSigned } = info
    return { pixels, bits, isSigned, interleaving: 0, isPlanar: false }
  } finally {
    decoder.delete()
  }
}

async function encodeJpeg2000(
  { pixels, bits, isSigned }: Decoded,
  geometry: Geometry,
  load: WasmBytes,
) {
  openjpeg ??= loadOpenJPEG(await wasmOptionsFor('codec-openjpeg', load))
  const encoder = new (await openjpeg).J2KEncoder()
  try {
    encoder.getDecodedBuffer({ ...infoOf(bits, geometry), isSigned }).set(pixels)
    encoder.setQuality(true, 0)
    const side = Math.min(geometry.rows, geometry.columns)
    encoder.setDecompositions(Math.min(5, Math.floor(Math.log2(side))))
    encoder.encode()
    return Uint8Array.from(encoder.getEncodedBuffer())
  } finally {
    encoder.delete()
  }
}

const infoOf = (bits: number, { rows, columns, samples }: Geometry): FrameInfo => ({
  width: columns,
  height: rows,
  bitsPerSample: bits,
  componentCount: samples,
})

/**
 * Returns a copy of the decoded samples.
 *
 * @throws NocturneError `pixels_not_cleaned` when the frame is of a different kind from the one
 *   declared.
 */
function expectPixels(decoded: Uint8Array, info: FrameInfo, geometry: Geometry): Buffer {
  const { rows, columns, samples, bitsAllocated } = geometry
  const bytesOfSample = info.bitsPerSample > 8 ? 2 : 1
  const isExpected =
    info.width === columns &&
    info.height === rows &&
    info.componentCount === samples &&
    info.bitsPerSample >= 1 &&
    info.bitsPerSample <= Math.min(16, bitsAllocated) &&
    decoded.length === rows * columns * samples * bytesOfSample
  if (!isExpected) throw new NocturneError('pixels_not_cleaned')
  return Buffer.from(decoded)
}

function fill({ pixels, bits, isPlanar }: Decoded, geometry: Geometry, mask: Mask): void {
  const { rows, columns, samples } = geometry
  const bytes = bits > 8 ? 2 : 1
  const black = (blackOf(geometry) ?? []).map((sample) => {
    const padded = Buffer.alloc(bytes)
    sample.copy(padded, 0, 0, bytes)
    return padded
  })
  const planes = isPlanar ? samples : 1
  const size = (bytes * samples) / planes
  for (let plane = 0; plane < planes; plane++) {
    const pattern = isPlanar ? (black[plane] ?? Buffer.alloc(1)) : Buffer.concat(black)
    for (const { top, bottom, runs } of mask)
      for (let row = top; row < bottom; row++)
        for (const [from, to] of runs) {
          const start = (plane * rows + row) * columns
          pixels.fill(pattern, (start + from) * size, (start + to) * size)
        }
  }
}

/** Looks for SOF55 (ITU-T T.87 C.2.2), after any other segments. */
function isJpegLs(bytes: Buffer, { rows, columns, samples }: Geometry): boolean {
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    if (bytes[at + 1] === 0xf7)
      return (
        bytes.readUInt16BE(at + 5) === rows &&
        bytes.readUInt16BE(at + 7) === columns &&
        bytes[at + 9] === samples
      )
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return false
}

/**
 * Checks SIZ (ITU-T T.800 A.5.1), which is the first segment: one tile grid from the origin, no
 * subsampled component.
 */
function isJpeg2000(bytes: Buffer, { rows, columns, samples }: Geometry): boolean {
  if (bytes.length < 42 + 3 * samples || bytes.readUInt32BE(0) !== 0xff4fff51) return false
  const isWhole = Array.from({ length: samples }, (_, index) => 42 + 3 * index).every(
    (at) => bytes[at + 1] === 1 && bytes[at + 2] === 1,
  )
  return (
    isWhole &&
    bytes.readUInt32BE(8) === columns &&
    bytes.readUInt32BE(12) === rows &&
    bytes.readUInt32BE(16) === 0 &&
    bytes.readUInt32BE(20) === 0 &&
    bytes.readUInt16BE(40) === samples
  )
}
