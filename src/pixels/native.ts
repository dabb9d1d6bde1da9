/**
 * Blanks runs of uncompressed Pixel Data (PS3.5 section 8.1) in the stream; every other byte is
 * copied.
 */
import type { Encoding } from '../dicom/elements/index.js'
import { alignMask, type Mask } from './mask.js'
import { blackOf, type Geometry } from './geometry.js'

/** How the bytes of the image are laid out. */
export interface Layout {
  readonly geometry: Geometry
  readonly bigEndian: boolean
  /** Total size of all frames, without the byte that pads them to an even length. */
  readonly bytes: number
  readonly planes: number
  readonly bitsOfPixel: number
  readonly bitsOfPlane: number
  /** Runs are extended to multiples of this many bytes of the whole value. */
  readonly unit: 1 | 2
  /** For each plane, the bytes that replace a pixel, or two pixels in YBR_FULL_422. */
  readonly black: readonly Buffer[]
  readonly columnsOfUnit: 1 | 2
}

/** Undefined for an unsupported layout, which cannot be blanked reliably. */
export function layoutOf(
  geometry: Geometry,
  vr: string,
  length: number,
  { bigEndian }: Encoding,
): Layout | undefined {
  const { rows, columns, frames, samples, bitsAllocated, isPlanar, photometric } = geometry
  const black = blackOf(geometry)
  if (!black || ![1, 8, 16, 32, 64].includes(bitsAllocated)) return undefined
  if (bitsAllocated === 1 && samples !== 1) return undefined
  const isHalved = photometric.endsWith('_422')
  if (isHalved && (isPlanar || columns % 2 !== 0)) return undefined
  // Only compressed images may use the JPEG 2000 colour spaces.
  if (photometric === 'YBR_RCT' || photometric === 'YBR_ICT') return undefined
  const planes = isPlanar ? samples : 1
  const bitsOfPixel = isHalved ? 16 : (bitsAllocated * samples) / planes
  const bitsOfPlane = rows * columns * bitsOfPixel
  const bytes = Math.ceil((bitsOfPlane * planes * frames) / 8)
  if (length !== bytes + (bytes % 2)) return undefined
  const patterns = patternsOf(black, isPlanar, isHalved, bigEndian)
  // In a big-endian file the bytes of a word are swapped in pairs. Runs of whole pairs with one
  // value read the same either way.
  const isSwapped = bigEndian && vr === 'OW' && bitsAllocated <= 8
  if (isSwapped && !patterns.every((pattern) => pattern.every((byte) => byte === pattern[0])))
    return undefined
  return {
    geometry,
    bigEndian,
    bytes,
    planes,
    bitsOfPixel,
    bitsOfPlane,
    unit: isSwapped ? 2 : 1,
    black: patterns,
    columnsOfUnit: isHalved ? 2 : 1,
  }
}

function patternsOf(
  black: readonly Buffer[],
  isPlanar: boolean,
  isHalved: boolean,
  bigEndian: boolean,
): readonly Buffer[] {
  const samples = bigEndian ? black.map((sample) => Buffer.from(sample).reverse()) : black
  if (isPlanar) return samples
  const [first = Buffer.alloc(1)] = samples
  return [Buffer.concat(isHalved ? [first, ...samples] : samples)]
}

interface Span {
  readonly start: number
  readonly end: number
  readonly pattern: Buffer
}

/** Byte ranges to blank, in ascending order of their start. */
function* spansOf(layout: Layout, mask: Mask): Generator<Span, void> {
  const { geometry, planes, bitsOfPixel, bitsOfPlane, unit, black, columnsOfUnit } = layout
  const aligned = columnsOfUnit === 1 ? mask : alignMask(mask, columnsOfUnit, 1, geometry)
  const bits = 8 * unit
  for (let plane = 0; plane < planes * geometry.frames; plane++) {
    const pattern = black[plane % planes] ?? Buffer.alloc(1)
    for (const { top, bottom, runs } of aligned) {
      for (let row = top; row < bottom; row++) {
        const start = plane * bitsOfPlane + row * geometry.columns * bitsOfPixel
        for (const [from, to] of runs) {
          yield {
            start: Math.floor((start + from * bitsOfPixel) / bits) * unit,
            end: Math.ceil((start + to * bitsOfPixel) / bits) * unit,
            pattern,
          }
        }
      }
    }
  }
}

/**
 * Streams the value of Pixel Data, blanked. Chunks from the source are never written to, because
 * the producer may still hold them.
 */
export async function* blankNative(
  source: AsyncIterable<Buffer>,
  layout: Layout,
  mask: Mask,
): AsyncGenerator<Buffer, void> {
  const spans = spansOf(layout, mask)
  let span = spans.next()
  let at = 0
  for await (const chunk of source) {
    const end = at + chunk.length
    let bytes = chunk
    while (span.done !== true && span.value.start < end) {
      if (bytes === chunk) bytes = Buffer.from(chunk)
      const { start, end: until, pattern } = span.value
      const from = Math.max(start, at)
      fill(bytes, from - at, Math.min(until, end) - at, pattern, (from - start) % pattern.length)
      if (until > end) break
      span = spans.next()
    }
    yield bytes
    at = end
  }
}

/** @param phase position of the first byte within the pattern. */
function fill(bytes: Buffer, from: number, to: number, pattern: Buffer, phase: number): void {
  if (to <= from) return
  const turned =
    phase === 0 ? pattern : Buffer.concat([pattern.subarray(phase), pattern.subarray(0, phase)])
  bytes.fill(turned, from, to)
}
