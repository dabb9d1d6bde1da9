/**
 * Lossless JPEG (1.2.840.10008.1.2.4.57 and .70; T.81 annex H): each line is decoded, blanked, and encoded with the same
 * predictor, so all other pixels stay what they were.
 */
import { NocturneError } from '../../lib/errors.js'
import type { Pace, Steps } from '../pace.js'
import {
  BitReader,
  bitsOf,
  BitWriter,
  categoryOf,
  readSymbol,
  toDifference,
  writeSymbol,
  type HuffmanTable,
} from './bits.js'
import { blackOf, type Geometry } from './geometry.js'
import { ownTable, rewriteJpeg, type JpegFrame, type JpegScan } from './jpeg.js'
import { runsAt, type Mask } from './mask.js'

/** Differences are modulo 2^16; the largest has a category of its own and no bits (H.1.2.2). */
const OWN = ownTable(17)
const LARGEST = 16

/** @throws NocturneError `malformed`, `pixels_not_cleaned` */
export function blankLosslessFrame(
  bytes: Buffer,
  geometry: Geometry,
  mask: Mask,
  pace: Pace,
): Steps<Buffer> {
  return rewriteJpeg(bytes, geometry, OWN, {
    processes: [3],
    newReader: (at) => new BitReader(bytes, at),
    writer: new BitWriter(bytes.length),
    encode: (frame, scan, writer) => rewriteScan(frame, scan, geometry, mask, writer, pace),
  })
}

interface Channel {
  readonly table: HuffmanTable
  readonly black: number
  /** The line at hand and the one above, in the source and in what is written. */
  readonly source: Lines
  readonly output: Lines
}

interface Lines {
  current: Uint16Array
  above: Uint16Array
}

function* rewriteScan(
  frame: JpegFrame,
  scan: JpegScan,
  geometry: Geometry,
  mask: Mask,
  writer: BitWriter,
  pace: Pace,
): Steps<void> {
  const { rows, columns } = geometry
  const { reader, restarts, shift, start: predictor } = scan
  const isKnown =
    frame.components.every(({ across, down }) => across === 1 && down === 1) &&
    predictor >= 1 &&
    predictor <= 7 &&
    shift < frame.precision &&
    restarts % columns === 0
  if (!isKnown) throw new NocturneError('pixels_not_cleaned')
  const black = blackOf(geometry) ?? []
  const channels = scan.components.map(({ component, dc }): Channel => {
    const index = frame.components.indexOf(component)
    const value = black[index] ?? Buffer.alloc(2)
    const sample = value.length > 1 ? value.readUInt16LE(0) : (value[0] ?? 0)
    return { table: dc, black: sample >> shift, source: lines(columns), output: lines(columns) }
  })
  const first = 1 << (frame.precision - shift - 1)
  const linesToRestart = restarts / columns
  let isFirst = true
  for (let row = 0; row < rows; row++) {
    if (linesToRestart > 0 && row > 0 && row % linesToRestart === 0) {
      const number = (row / linesToRestart - 1) % 8
      reader.restart(number)
      writer.align()
      writer.marker(0xd0 + number)
      isFirst = true
    }
    const runs = runsAt(mask, row)
    for (let x = 0; x < columns; x++) {
      const isBlanked = runs.some(([from, to]) => x >= from && x < to)
      for (const { table, source, output, black: dark } of channels) {
        const before = predict(source, x, predictor, isFirst, first)
        const sample = (before + readDifference(reader, table)) & 0xffff
        source.current[x] = sample
        const next = isBlanked ? dark : sample
        writeDifference(writer, next - predict(output, x, predictor, isFirst, first))
        output.current[x] = next
      }
    }
    for (const { source, output } of channels) {
      swap(source)
      swap(output)
    }
    isFirst = false
    if (pace.isDue(columns >> 3)) yield
  }
  writer.align()
}

const lines = (columns: number): Lines => ({
  current: new Uint16Array(columns),
  above: new Uint16Array(columns),
})

function swap(one: Lines): void {
  const { current, above } = one
  one.current = above
  one.above = current
}

/** Table H.1, with what H.1.2.1 says of the first line and the first column. */
function predict(
  { current, above }: Lines,
  x: number,
  predictor: number,
  isFirst: boolean,
  first: number,
): number {
  const a = current[x - 1] ?? 0
  if (isFirst) return x === 0 ? first : a
  const b = above[x] ?? 0
  if (x === 0) return b
  const c = above[x - 1] ?? 0
  switch (predictor) {
    case 1:
      return a
    case 2:
      return b
    case 3:
      return c
    case 4:
      return a + b - c
    case 5:
      return a + ((b - c) >> 1)
    case 6:
      return b + ((a - c) >> 1)
    default:
      return (a + b) >> 1
  }
}

function readDifference(reader: BitReader, table: HuffmanTable): number {
  const category = readSymbol(reader, table)
  if (category > LARGEST) throw new NocturneError('malformed')
  return category === LARGEST ? 32768 : toDifference(reader.take(category), category)
}

function writeDifference(writer: BitWriter, difference: number): void {
  const wrapped = difference & 0xffff
  const signed = wrapped > 32768 ? wrapped - 65536 : wrapped
  const category = categoryOf(signed)
  writeSymbol(writer, OWN.table, category)
  if (category < LARGEST) writer.put(bitsOf(signed, category), category)
}
