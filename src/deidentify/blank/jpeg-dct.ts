/**
 * JPEG with a sequential DCT (1.2.840.10008.1.2.4.50 and .51), blanked without decoding pixels: blocks under the mask become
 * flat black, the codes of all other blocks are copied, so nothing is quantized a second time. The mask grows to whole MCUs.
 * What a decoder shows right beside it may differ by its own smoothing of halved colour.
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
import type { Geometry } from './geometry.js'
import { ownTable, rewriteJpeg, type JpegFrame, type JpegScan } from './jpeg.js'
import { alignMask, runsAt, type Mask } from './mask.js'

/** Categories of differences: 11 bits for samples of 8, 15 for those of 12 (T.81 F.1.2.1). */
const OWN = { 8: ownTable(12), 12: ownTable(16) }

/** @throws NocturneError `malformed`, `pixels_not_cleaned` */
export function blankDctFrame(
  bytes: Buffer,
  geometry: Geometry,
  mask: Mask,
  pace: Pace,
): Steps<Buffer> {
  const own = geometry.bitsAllocated === 8 ? OWN[8] : OWN[12]
  return rewriteJpeg(bytes, geometry, own, {
    processes: [0, 1],
    newReader: (at) => new BitReader(bytes, at),
    writer: new BitWriter(bytes.length),
    encode: (frame, scan, writer) =>
      rewriteScan(frame, scan, geometry, mask, own.table, writer, pace),
  })
}

interface Channel {
  readonly dc: HuffmanTable
  readonly ac: HuffmanTable
  /** Blocks of it in one MCU. */
  readonly blocks: number
  /** The DC coefficient of a black block. */
  readonly black: number
  /** DC of the block before, in the source and in what is written. */
  read: number
  written: number
}

function* rewriteScan(
  frame: JpegFrame,
  scan: JpegScan,
  geometry: Geometry,
  mask: Mask,
  table: HuffmanTable,
  writer: BitWriter,
  pace: Pace,
): Steps<void> {
  const widest = Math.max(...frame.components.map(({ across }) => across))
  const highest = Math.max(...frame.components.map(({ down }) => down))
  const aligned = alignMask(mask, 8 * widest, 8 * highest, geometry)
  const isSingle = scan.components.length === 1
  const channels = scan.components.map(({ component, dc, ac }): Channel => {
    if (!ac) throw new NocturneError('malformed')
    const blocks = isSingle ? 1 : component.across * component.down
    const black = blackOf(
      frame,
      geometry,
      component.id,
      scan.quantizers.get(component.quantization),
    )
    return { dc, ac, blocks, black, read: 0, written: 0 }
  })
  const [first] = scan.components
  // Pixels that an MCU covers: of a scan of one component it is one block of it (A.2.2).
  const width = isSingle && first ? (8 * widest) / first.component.across : 8 * widest
  const height = isSingle && first ? (8 * highest) / first.component.down : 8 * highest
  const across = Math.ceil(geometry.columns / width)
  const down = Math.ceil(geometry.rows / height)
  let count = 0
  for (let row = 0; row < down; row++) {
    const runs = runsAt(aligned, Math.floor(row * height))
    for (let column = 0; column < across; column++, count++) {
      if (scan.restarts > 0 && count > 0 && count % scan.restarts === 0) {
        restart(scan, channels, writer, count / scan.restarts - 1)
      }
      const x = Math.floor(column * width)
      const isBlanked = runs.some(([from, to]) => x >= from && x < to)
      for (const channel of channels)
        for (let block = 0; block < channel.blocks; block++)
          rewriteBlock(channel, scan.reader, writer, table, isBlanked)
    }
    if (pace.isDue(across)) yield
  }
  writer.align()
}

function restart({ reader }: JpegScan, channels: readonly Channel[], writer: BitWriter, n: number) {
  reader.restart(n % 8)
  writer.align()
  writer.marker(0xd0 + (n % 8))
  for (const channel of channels) {
    channel.read = 0
    channel.written = 0
  }
}

function rewriteBlock(
  channel: Channel,
  reader: BitReader,
  writer: BitWriter,
  table: HuffmanTable,
  isBlanked: boolean,
): void {
  const category = readSymbol(reader, channel.dc)
  if (category > 15) throw new NocturneError('malformed')
  channel.read += toDifference(reader.take(category), category)
  const dc = isBlanked ? channel.black : channel.read
  const difference = dc - channel.written
  const size = categoryOf(difference)
  writeSymbol(writer, table, size)
  writer.put(bitsOf(difference, size), size)
  channel.written = dc
  for (let k = 1; k < 64; k++) {
    const symbol = readSymbol(reader, channel.ac)
    const bits = symbol & 15
    if (!isBlanked) writeSymbol(writer, channel.ac, symbol)
    if (bits === 0 && symbol !== 0xf0) break
    k += symbol >> 4
    if (k > 63) throw new NocturneError('malformed')
    const value = reader.take(bits)
    if (!isBlanked && bits > 0) writer.put(value, bits)
  }
  if (isBlanked) writeSymbol(writer, channel.ac, 0)
}

/** Samples are shifted to lie around zero, and the DC coefficient is eight times their mean (A.3.1, A.3.3). */
function blackOf(
  { precision, components, isJfif }: JpegFrame,
  { photometric }: Geometry,
  id: number,
  quantizer = 0,
): number {
  if (quantizer === 0) throw new NocturneError('malformed')
  const isColour = components.length > 1 && (isJfif || photometric.startsWith('YBR'))
  if (isColour && components[0]?.id !== id) return 0
  const middle = 1 << (precision - 1)
  const sample = photometric === 'MONOCHROME1' ? middle - 1 : -middle
  return Math.round((8 * sample) / quantizer)
}
