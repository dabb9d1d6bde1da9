/** Decodes the brightness of a sequential-DCT JPEG image. Chroma is parsed but skipped. */
import { NocturneError } from '../lib/errors.js'
import type { Pace, Steps } from '../lib/pace.js'
import { toDifference } from './bits.js'
import type { Geometry } from './geometry.js'
import {
  isLuminanceFirst,
  readJpeg,
  type JpegComponent,
  type JpegFrame,
  type JpegScan,
} from './jpeg.js'
import {
  channelsOf,
  readAc,
  readDc,
  samplingOf,
  SEQUENTIAL,
  unitsOf,
  type Channel,
} from './jpeg-blocks.js'
import { putSample, type Samples } from './picture.js'

/** The position of each zigzag coefficient in the block (T.81 figure A.6). */
const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
)
/** Factors of the one-dimensional inverse DCT (A.3.3), by sample and coefficient. */
const COSINES = Float32Array.from({ length: 64 }, (_, at) => {
  const [sample, coefficient] = [at >> 3, at & 7]
  const factor = coefficient === 0 ? Math.SQRT1_2 : 1
  return (factor / 2) * Math.cos(((2 * sample + 1) * coefficient * Math.PI) / 16)
})

interface Plane {
  readonly component: JpegComponent
  /** Little-endian samples. */
  readonly bytes: Buffer
  readonly precision: number
}

/**
 * Returns luminance alone, or each colour by plane.
 *
 * @throws NocturneError `malformed`, `pixels_not_cleaned`
 */
export function* decodeDctFrame(frame: Buffer, geometry: Geometry, pace: Pace): Steps<Samples> {
  const decoded: { planes: readonly Plane[] } = { planes: [] }
  yield* readJpeg(frame, geometry, SEQUENTIAL, {
    *scan(jpeg, scan) {
      if (decoded.planes.length === 0) decoded.planes = planesOf(jpeg, geometry)
      yield* decodeScan(jpeg, scan, geometry, decoded.planes, pace)
    },
  })
  const { planes } = decoded
  if (planes.length === 0) throw new NocturneError('malformed')
  const photometric = planes.length === 1 ? 'MONOCHROME2' : 'RGB'
  return {
    bytes: Buffer.concat(planes.map(({ bytes }) => bytes)),
    geometry: { ...geometry, samples: planes.length, isPlanar: true, photometric, isSigned: false },
    bigEndian: false,
  }
}

function planesOf(frame: JpegFrame, geometry: Geometry): readonly Plane[] {
  const { rows, columns, bitsAllocated } = geometry
  const { widest, highest } = samplingOf(frame)
  const used = isLuminanceFirst(frame, geometry) ? frame.components.slice(0, 1) : frame.components
  if (!used.every(({ across, down }) => across === widest && down === highest))
    throw new NocturneError('pixels_not_cleaned')
  const bytes = rows * columns * (bitsAllocated === 8 ? 1 : 2)
  const { precision } = frame
  return used.map((component) => ({ component, bytes: Buffer.alloc(bytes), precision }))
}

function* decodeScan(
  frame: JpegFrame,
  scan: JpegScan,
  geometry: Geometry,
  planes: readonly Plane[],
  pace: Pace,
): Steps<void> {
  const channels = channelsOf(scan)
  const outputs = channels.map((channel) => ({
    channel,
    plane: planes.find(({ component }) => component === channel.component),
    quantizers: scan.quantizers.get(channel.component.quantization) ?? new Uint16Array(64),
  }))
  const block = new Float32Array(64)
  for (const { row, column } of unitsOf(frame, scan, channels, geometry)) {
    for (const { channel, plane, quantizers } of outputs) {
      const down = channel.blocks / channel.across
      for (let index = 0; index < channel.blocks; index++) {
        readBlock(scan, channel, quantizers, block)
        if (!plane) continue
        const x = 8 * (column * channel.across + (index % channel.across))
        const y = 8 * (row * down + Math.floor(index / channel.across))
        transform(block)
        place(block, plane, x, y, geometry)
      }
    }
    if (pace.isDue(2 * outputs.length)) yield
  }
}

function readBlock(
  { reader }: JpegScan,
  channel: Channel,
  quantizers: Uint16Array,
  block: Float32Array,
): void {
  block.fill(0)
  block[0] = readDc(reader, channel) * (quantizers[0] ?? 0)
  readAc(reader, channel, (symbol, bits, k) => {
    block[ZIGZAG[k] ?? 0] = toDifference(bits, symbol & 15) * (quantizers[k] ?? 0)
  })
}

/** The inverse DCT, by rows and then by columns. */
function transform(block: Float32Array): void {
  const line = new Float32Array(8)
  for (const [step, next] of [
    [1, 8],
    [8, 1],
  ] as const)
    for (let start = 0; start < 8 * next; start += next) {
      for (let at = 0; at < 8; at++) line[at] = block[start + at * step] ?? 0
      for (let sample = 0; sample < 8; sample++) {
        let sum = 0
        for (let at = 0; at < 8; at++) sum += (line[at] ?? 0) * (COSINES[8 * sample + at] ?? 0)
        block[start + sample * step] = sum
      }
    }
}

/** Copies a block into the plane. Blocks at the right and lower edges may extend past the image. */
function place(
  block: Float32Array,
  { bytes, precision }: Plane,
  x: number,
  y: number,
  { rows, columns, bitsAllocated }: Geometry,
): void {
  const middle = 1 << (precision - 1)
  const [right, bottom] = [Math.min(8, columns - x), Math.min(8, rows - y)]
  for (let down = 0; down < bottom; down++)
    for (let across = 0; across < right; across++) {
      const sample = Math.round((block[8 * down + across] ?? 0) + middle)
      const value = Math.min(2 * middle - 1, Math.max(0, sample))
      putSample(bytes, bitsAllocated, (y + down) * columns + x + across, value)
    }
}
