/**
 * Where the frames of an instance lie in its file, so that one of a thousand frames is read without
 * the others.
 */
import { UNDEFINED_LENGTH } from '../../../dicom/elements/index.js'
import { fragmentLength, framingOf, startsFrame } from '../../../dicom/pixel-data/index.js'
import { NocturneError } from '../../../lib/errors.js'
import { geometryOf } from '../../../pixels/index.js'
import type { Geometry } from '../../../pixels/index.js'
import { headOf } from './instance.js'
import type { Head, ReadFile } from './instance.js'

interface Range {
  readonly start: number
  readonly end: number
}

export interface Frames {
  readonly syntax: string
  readonly isEncapsulated: boolean
  readonly geometry: Geometry
  /** The pieces of each frame: ranges of the file, or of the inflated data set. */
  readonly places: readonly (readonly Range[])[]
  /** Ranges count from the start of the inflated data set, which can only be read in order. */
  readonly isDeflated: boolean
}

/** Undefined for an instance without frames, or whose layout is not stated. */
export async function framesOf(read: ReadFile): Promise<Frames | undefined> {
  const head = await headOf(read)
  try {
    const { elements, reader, encoding, pixels, start } = head
    const geometry = geometryOf(elements, reader.buffer, encoding)
    if (!geometry || !pixels) return undefined
    const { uid: syntax, isDeflated } = start.syntax
    const isEncapsulated = pixels.length === UNDEFINED_LENGTH
    const places = isEncapsulated
      ? await fragmentPlaces(head, geometry)
      : nativePlaces(head, geometry)
    return { syntax, isEncapsulated, geometry, places, isDeflated }
  } finally {
    await head.close()
  }
}

/** The octets of one frame; `at` counts from 1. Undefined when there is no such frame. */
export function frameOf(
  read: ReadFile,
  { places, isDeflated }: Frames,
  at: number,
): AsyncIterable<Buffer> | undefined {
  const ranges = places[at - 1]
  if (!ranges) return undefined
  return isDeflated ? inflatedRange(read, ranges) : fileRanges(read, ranges)
}

async function* fileRanges(read: ReadFile, ranges: readonly Range[]): AsyncGenerator<Buffer> {
  for (const { start, end } of ranges) yield* read(start, end)
}

async function* inflatedRange(read: ReadFile, ranges: readonly Range[]): AsyncGenerator<Buffer> {
  const head = await headOf(read)
  const { reader } = head
  try {
    for (const { start, end } of ranges) {
      await reader.skipUpTo(start - reader.position)
      yield* reader.take(end - start)
    }
  } finally {
    await head.close()
  }
}

/** Frames follow each other without padding, also where they end within an octet (PS3.5 8.1.1). */
function nativePlaces({ reader, end, pixels }: Head, geometry: Geometry): readonly Range[][] {
  const { rows, columns, samples, bitsAllocated, frames, photometric } = geometry
  const isHalved = photometric.endsWith('_422')
  const bits = rows * columns * (isHalved ? 2 : samples) * bitsAllocated
  const first = reader.position + end + (pixels?.valueStart ?? 0)
  if (frames > 1 && bits % 8 !== 0) return []
  const size = Math.ceil(bits / 8)
  const isThere = size * frames <= (pixels?.length ?? 0)
  if (!isThere) return []
  return Array.from({ length: frames }, (_, at) => [
    { start: first + at * size, end: first + (at + 1) * size },
  ])
}

/** Octets of a fragment from which the start of a frame is recognized. */
const LOOKED_AT = 16
const MAX_TABLE = 4 * 1024 * 1024

async function fragmentPlaces(head: Head, { frames }: Geometry): Promise<readonly Range[][]> {
  const { reader, encoding, end, pixels, start } = head
  const framing = framingOf(start.syntax.uid)
  reader.forget(end + (pixels?.valueStart ?? 0))
  const table = await offsetTable(head)
  const places: Range[][] = []
  let at = 0
  for (;;) {
    const length = await fragmentLength(reader, encoding)
    if (length === undefined) return places
    await reader.fill(8 + Math.min(length, LOOKED_AT))
    const from = reader.position + 8
    const isFirst =
      table.size > 0
        ? table.has(at)
        : startsFrame(framing, reader.buffer.subarray(8, reader.filled))
    if (places.length === 0 || (frames > 1 && isFirst)) places.push([])
    if (places.length > frames) return []
    places.at(-1)?.push({ start: from, end: from + length })
    if (!(await reader.skipUpTo(8 + length))) throw new NocturneError('truncated')
    at += 8 + length
  }
}

/** Offsets of the frames from the first fragment; empty when the file gives none. */
async function offsetTable({ reader, encoding }: Head): Promise<ReadonlySet<number>> {
  const length = (await fragmentLength(reader, encoding)) ?? 0
  if (length > MAX_TABLE) throw new NocturneError('malformed')
  await reader.fill(8 + length)
  const offsets = new Set<number>()
  for (let at = 8; at + 4 <= 8 + length; at += 4) offsets.add(reader.buffer.readUInt32LE(at))
  await reader.skipUpTo(8 + length)
  return offsets
}
