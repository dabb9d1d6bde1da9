/**
 * Uncompressed Pixel Data (PS3.5 section 8.1) with runs of it blanked as it passes; every other
 * byte is the source's.
 */
import type { Encoding } from '../dicom/elements/index.js'
import { alignMask, type Mask } from './mask.js'
import { blackOf, type Geometry } from './geometry.js'

/** Where the bytes of the image lie. */
export interface Layout {
  readonly geometry: Geometry
  readonly bigEndian: boolean
  /** Of all frames, without the byte that pads them to an even length. */
  readonly bytes: number
  readonly planes: number
  readonly bitsOfPixel: number
  readonly bitsOfPlane: number
  /** Runs grow to multiples of so many bytes of the whole value. */
  readonly unit: 1 | 2
  /** For each plane what stands in place of a pixel, or of two in YBR_FULL_422. */
  readonly black: readonly Buffer[]
  readonly columnsOfUnit: 1 | 2
}

/**
 * Undefined for what is not laid out in a way that is known here: it cannot be blanked with
 * certainty.
 */
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
  // Only what is compressed may be in the colours of JPEG 2000.
  if (photometric === 'YBR_RCT' || photometric === 'YBR_ICT') return undefined
  const planes = isPlanar ? samples : 1
  const bitsOfPixel = isHalved ? 16 : (bitsAllocated * samples) / planes
  const bitsOfPlane = rows * columns * bitsOfPixel
  const bytes = Math.ceil((bitsOfPlane * planes * frames) / 8)
  if (length !== bytes + (bytes % 2)) return undefined
  const patterns = patternsOf(black, isPlanar, isHalved, bigEndian)
  // Bytes in words of a big-endian file are swapped in pairs: runs of whole pairs, of one value,
  // are the same either way.
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

/** Bytes to blank, in ascending order of where they begin. */
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
 * The value of Pixel Data as it comes, blanked. Chunks of the source are never written to: who sent
 * them may hold them.
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

/** @param phase where in the pattern the first byte is. */
function fill(bytes: Buffer, from: number, to: number, pattern: Buffer, phase: number): void {
  if (to <= from) return
  const turned =
    phase === 0 ? pattern : Buffer.concat([pattern.subarray(phase), pattern.subarray(0, phase)])
  bytes.fill(turned, from, to)
}
