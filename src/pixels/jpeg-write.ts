/** Rewrites a JPEG image scan by scan, around the segments that are kept. */
import { BitWriter, huffmanTable, type HuffmanTable } from './bits.js'
import type { Pace, Steps } from '../lib/pace.js'
import type { Geometry } from './geometry.js'
import { readJpeg, type JpegFrame, type JpegScan } from './jpeg.js'
import type { Mask } from './mask.js'

const [SOI, EOI, SOS, DHT] = [0xd8, 0xd9, 0xda, 0xc4] as const
const [SOF0, SOF3] = [0xc0, 0xc3] as const

/**
 * A Huffman table of our own for DC coefficients or differences. A changed image has differences
 * for which the source's table may have no code.
 */
export interface OwnTable {
  readonly table: HuffmanTable
  /** Counts and symbols, in the layout of a DHT segment. */
  readonly bytes: Buffer
}

/** What to blank in a frame of this geometry. */
export interface Blanking {
  readonly geometry: Geometry
  readonly mask: Mask
  readonly pace: Pace
}

/** One short code, and longer ones for each larger category; none consists of ones only. */
export function ownTable(categories: number): OwnTable {
  const counts = new Uint8Array(16)
  counts[1] = 1
  counts[2] = 5
  for (let category = 6; category < categories; category++) counts[category - 3] = 1
  const symbols = Uint8Array.from({ length: categories }, (_, index) => index)
  return { table: huffmanTable(counts, symbols), bytes: Buffer.concat([counts, symbols]) }
}

/**
 * Returns the image with every scan written by `encode`.
 *
 * @throws NocturneError as `readJpeg` does.
 */
export function* rewriteJpeg(
  bytes: Buffer,
  geometry: Geometry,
  own: OwnTable,
  processes: readonly number[],
  encode: (frame: JpegFrame, scan: JpegScan, writer: BitWriter) => Steps<void>,
): Steps<Buffer> {
  const writer = new BitWriter(bytes.length)
  writer.marker(SOI)
  yield* readJpeg(bytes, geometry, processes, {
    segment: (marker, body) => {
      writeSegment(writer, marker, body)
      if (marker < SOF0 || marker > SOF3) return
      for (const id of [0, 1, 2, 3].slice(0, marker === SOF0 ? 2 : 4))
        writeSegment(writer, DHT, Buffer.concat([Buffer.from([id]), own.bytes]))
    },
    *scan(frame, scan, body) {
      writeSegment(writer, SOS, body)
      yield* encode(frame, scan, writer)
    },
  })
  writer.marker(EOI)
  return writer.end()
}

function writeSegment(writer: BitWriter, marker: number, body: Buffer): void {
  writer.marker(marker)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length + 2)
  writer.bytes(length)
  writer.bytes(body)
}
