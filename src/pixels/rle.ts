/**
 * RLE Lossless (PS3.5 annex G): a frame is decoded byte plane by byte plane, and encoded again to
 * blank it.
 */
import { NocturneError } from '../lib/errors.js'
import type { Pace, Steps } from '../lib/pace.js'
import { blackOf, type Geometry } from './geometry.js'
import type { Mask } from './mask.js'
import type { Samples } from './picture.js'

const HEADER = 64
const MAX_SEGMENTS = 15

/** Whether frames of this geometry are supported. */
export function canBlankRle(geometry: Geometry): boolean {
  const { bitsAllocated, samples, photometric } = geometry
  return (
    blackOf(geometry) !== undefined &&
    bitsAllocated % 8 === 0 &&
    (bitsAllocated / 8) * samples <= MAX_SEGMENTS &&
    !/_422|_RCT|_ICT/.test(photometric)
  )
}

/**
 * Returns one frame with the mask blanked.
 *
 * @throws NocturneError `malformed`
 */
export function* blankRleFrame(
  frame: Buffer,
  geometry: Geometry,
  mask: Mask,
  pace: Pace,
): Steps<Buffer> {
  const black = blackOf(geometry) ?? []
  const bytesOfSample = geometry.bitsAllocated / 8
  const segments = segmentsOf(frame, geometry.samples * bytesOfSample)
  const encoded: Buffer[] = []
  const plane = Buffer.allocUnsafe(geometry.rows * geometry.columns)
  for (const [index, segment] of segments.entries()) {
    yield* decode(segment, plane, pace)
    // The first segment holds the most significant byte of a sample.
    const sample = black[Math.floor(index / bytesOfSample)]
    const value = sample?.[bytesOfSample - 1 - (index % bytesOfSample)] ?? 0
    for (const { top, bottom, runs } of mask)
      for (let row = top; row < bottom; row++)
        for (const [from, to] of runs)
          plane.fill(value, row * geometry.columns + from, row * geometry.columns + to)
    encoded.push(yield* encode(plane, geometry.columns, pace))
  }
  return framed(encoded)
}

/**
 * The samples of one frame.
 *
 * @throws NocturneError `malformed`
 */
export function* decodeRleFrame(frame: Buffer, geometry: Geometry, pace: Pace): Steps<Samples> {
  const bytesOfSample = geometry.bitsAllocated / 8
  const segments = segmentsOf(frame, geometry.samples * bytesOfSample)
  const plane = Buffer.allocUnsafe(geometry.rows * geometry.columns)
  const bytes = Buffer.allocUnsafe(plane.length * segments.length)
  for (const [index, segment] of segments.entries()) {
    yield* decode(segment, plane, pace)
    const start = (index - (index % bytesOfSample)) * plane.length + (index % bytesOfSample)
    for (let pixel = 0; pixel < plane.length; pixel++)
      bytes[start + pixel * bytesOfSample] = plane[pixel] ?? 0
    if (pace.isDue(plane.length >> 8)) yield
  }
  return { bytes, geometry: { ...geometry, isPlanar: true }, bigEndian: true }
}

function segmentsOf(frame: Buffer, expected: number): readonly Buffer[] {
  if (frame.length < HEADER || frame.readUInt32LE(0) !== expected)
    throw new NocturneError('malformed')
  const starts = Array.from({ length: expected }, (_, index) => frame.readUInt32LE(4 + 4 * index))
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? frame.length
    if (start < HEADER || end < start || end > frame.length) throw new NocturneError('malformed')
    return frame.subarray(start, end)
  })
}

/** Fills `plane`. The rest of the segment is padding and is ignored. */
function* decode(segment: Buffer, plane: Buffer, pace: Pace): Steps<void> {
  let at = 0
  let out = 0
  while (out < plane.length) {
    if (pace.isDue()) yield
    const control = segment[at++]
    if (control === undefined) throw new NocturneError('malformed')
    if (control === 128) continue
    const count = control < 128 ? control + 1 : 257 - control
    const taken = control < 128 ? count : 1
    if (at + taken > segment.length || out + count > plane.length)
      throw new NocturneError('malformed')
    if (control < 128) segment.copy(plane, out, at, at + count)
    else plane.fill(segment[at] ?? 0, out, out + count)
    at += taken
    out += count
  }
}

/** Encodes row by row, since a run must not extend into the next row (PS3.5 G.3.1). */
function* encode(plane: Buffer, columns: number, pace: Pace): Steps<Buffer> {
  // Encoding adds at most one byte per 128.
  const rowBytes = columns + Math.ceil(columns / 128)
  const bytes = Buffer.allocUnsafe((plane.length / columns) * rowBytes + 1)
  let out = 0
  for (let row = 0; row < plane.length; row += columns) {
    out = encodeRow(plane, row, row + columns, bytes, out)
    if (pace.isDue(columns >> 6)) yield
  }
  if (out % 2 !== 0) bytes[out++] = 0
  return Buffer.from(bytes.subarray(0, out))
}

function encodeRow(plane: Buffer, start: number, end: number, bytes: Buffer, to: number): number {
  let out = to
  for (let at = start; at < end;) {
    const run = runLength(plane, at, end)
    if (run >= 3) {
      bytes[out++] = 257 - run
      bytes[out++] = plane[at] ?? 0
      at += run
      continue
    }
    const from = at
    while (at < end && at - from < 128 && runLength(plane, at, end) < 3) at++
    bytes[out++] = at - from - 1
    out += plane.copy(bytes, out, from, at)
  }
  return out
}

/** How many equal bytes follow from `at`; at most 128. */
function runLength(plane: Buffer, at: number, end: number): number {
  const limit = Math.min(end, at + 128)
  const value = plane[at]
  let next = at + 1
  while (next < limit && plane[next] === value) next++
  return next - at
}

function framed(segments: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt32LE(segments.length, 0)
  let start = HEADER
  segments.forEach((segment, index) => {
    header.writeUInt32LE(start, 4 + 4 * index)
    start += segment.length
  })
  return Buffer.concat([header, ...segments])
}
