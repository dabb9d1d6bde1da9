/**
 * Lossless JPEG (1.2.840.10008.1.2.4.57 and .70; T.81 annex H): every line is decoded. For blanking
 * it is encoded again with the same predictor, so all other pixels keep their values.
 */
import { NocturneError } from '../lib/errors.js'
import type { Pace, Steps } from '../lib/pace.js'
import {
  bitsOf,
  categoryOf,
  readSymbol,
  toDifference,
  writeSymbol,
  type BitReader,
  type BitWriter,
  type HuffmanTable,
} from './bits.js'
import { blackOf, type Geometry } from './geometry.js'
import { readJpeg, type JpegFrame, type JpegScan } from './jpeg.js'
import { ownTable, rewriteJpeg, type Blanking } from './jpeg-write.js'
import { runsAt, type Mask } from './mask.js'
import { putSample, type Samples } from './picture.js'

/** SOF3. */
const LOSSLESS = [3]
/**
 * Differences are modulo 2^16; the largest has its own category and no additional bits (H.1.2.2).
 */
const OWN = ownTable(17)
const LARGEST = 16

/** @throws NocturneError `malformed`, `pixels_not_cleaned` */
export function blankLosslessFrame(
  bytes: Buffer,
  geometry: Geometry,
  mask: Mask,
  pace: Pace,
): Steps<Buffer> {
  return rewriteJpeg(bytes, geometry, OWN, LOSSLESS, (frame, scan, writer) =>
    rewriteScan(frame, scan, { geometry, mask, pace }, writer),
  )
}

/**
 * The samples of one frame, by plane.
 *
 * @throws NocturneError `malformed`, `pixels_not_cleaned`
 */
export function* decodeLosslessFrame(
  frame: Buffer,
  geometry: Geometry,
  pace: Pace,
): Steps<Samples> {
  const { rows, columns, samples, bitsAllocated } = geometry
  const bytes = Buffer.alloc((rows * columns * samples * bitsAllocated) / 8)
  yield* readJpeg(frame, geometry, LOSSLESS, {
    *scan(jpeg, scan) {
      for (const { row, channels } of linesOf(jpeg, scan, geometry)) {
        for (const { index, lines } of channels) {
          const start = (index * rows + row) * columns
          for (const [x, sample] of lines.current.entries())
            putSample(bytes, bitsAllocated, start + x, sample << scan.shift)
        }
        if (pace.isDue(columns >> 3)) yield
      }
    },
  })
  return { bytes, geometry: { ...geometry, isPlanar: true }, bigEndian: false }
}

/** The current line and the one above it. */
interface Lines {
  current: Uint16Array
  above: Uint16Array
}

interface Channel {
  /** Index of the component in the frame. */
  readonly index: number
  readonly table: HuffmanTable
  readonly lines: Lines
}

interface Line {
  readonly row: number
  /** The number (0 to 7) of the restart marker that precedes it; undefined if there is none. */
  readonly restart: number | undefined
  /** The line above is not used for prediction: at the top of the image, and after a restart. */
  readonly isFirst: boolean
  readonly channels: readonly Channel[]
}

/**
 * Yields the scan line by line. A line's samples are overwritten when the next one is requested.
 */
function* linesOf(
  frame: JpegFrame,
  { components, reader, restarts, shift, start: predictor }: JpegScan,
  { rows, columns }: Geometry,
): Generator<Line, void> {
  const isKnown =
    frame.components.every(({ across, down }) => across === 1 && down === 1) &&
    predictor >= 1 &&
    predictor <= 7 &&
    shift < frame.precision &&
    restarts % columns === 0
  if (!isKnown) throw new NocturneError('pixels_not_cleaned')
  const channels = components.map(({ component, dc }): Channel => ({
    index: frame.components.indexOf(component),
    table: dc,
    lines: newLines(columns),
  }))
  const first = firstValue(frame, shift)
  const linesToRestart = restarts / columns
  for (let row = 0; row < rows; row++) {
    const isRestart = linesToRestart > 0 && row > 0 && row % linesToRestart === 0
    const restart = isRestart ? (row / linesToRestart - 1) % 8 : undefined
    if (restart !== undefined) reader.restart(restart)
    const isFirst = row === 0 || isRestart
    for (let x = 0; x < columns; x++)
      for (const { table, lines } of channels) {
        const before = predict(lines, x, predictor, isFirst, first)
        lines.current[x] = before + readDifference(reader, table)
      }
    yield { row, restart, isFirst, channels }
    for (const { lines } of channels) swap(lines)
  }
}

function* rewriteScan(
  frame: JpegFrame,
  scan: JpegScan,
  { geometry, mask, pace }: Blanking,
  writer: BitWriter,
): Steps<void> {
  const { columns } = geometry
  const black = blackOf(geometry) ?? []
  const first = firstValue(frame, scan.shift)
  const outputs = scan.components.map(({ component }) => {
    const value = black[frame.components.indexOf(component)] ?? Buffer.alloc(2)
    const sample = value.length > 1 ? value.readUInt16LE(0) : (value[0] ?? 0)
    return { black: sample >> scan.shift, lines: newLines(columns) }
  })
  for (const { row, restart, isFirst, channels } of linesOf(frame, scan, geometry)) {
    if (restart !== undefined) {
      writer.align()
      writer.marker(0xd0 + restart)
    }
    outputs.forEach(({ lines, black: dark }, index) => {
      const source = channels[index]?.lines.current
      if (source) lines.current.set(source)
      for (const [from, to] of runsAt(mask, row)) lines.current.fill(dark, from, to)
    })
    for (let x = 0; x < columns; x++)
      for (const { lines } of outputs) {
        const before = predict(lines, x, scan.start, isFirst, first)
        writeDifference(writer, (lines.current[x] ?? 0) - before)
      }
    for (const { lines } of outputs) swap(lines)
    if (pace.isDue(columns >> 3)) yield
  }
  writer.align()
}

const newLines = (columns: number): Lines => ({
  current: new Uint16Array(columns),
  above: new Uint16Array(columns),
})

function swap(lines: Lines): void {
  const { current, above } = lines
  lines.current = above
  lines.above = current
}

/** The value that predicts the first sample (H.1.2.1). */
const firstValue = ({ precision }: JpegFrame, shift: number): number => 1 << (precision - shift - 1)

/**
 * The predictors of Table H.1, with the exceptions of H.1.2.1 for the first line and first column.
 */
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
