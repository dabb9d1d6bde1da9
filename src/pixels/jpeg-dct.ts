/**
 * Blanks sequential-DCT JPEG (1.2.840.10008.1.2.4.50 and .51) without decoding pixels: blocks under
 * the mask become flat black, and the codes of all other blocks are copied, so nothing is quantized
 * a second time. The mask grows to whole MCUs. Pixels directly next to it may decode slightly
 * differently where a decoder smooths subsampled colour.
 */
import { NocturneError } from '../lib/errors.js'
import type { Pace, Steps } from '../lib/pace.js'
import { bitsOf, categoryOf, writeSymbol, type BitWriter, type HuffmanTable } from './bits.js'
import type { Geometry } from './geometry.js'
import { isLuminanceFirst, type JpegFrame, type JpegScan } from './jpeg.js'
import {
  channelsOf,
  readAc,
  readDc,
  samplingOf,
  SEQUENTIAL,
  unitsOf,
  type Channel,
} from './jpeg-blocks.js'
import { ownTable, rewriteJpeg, type Blanking } from './jpeg-write.js'
import { alignMask, runsAt, type Mask } from './mask.js'

/** Categories of differences: 11 bits for 8-bit samples, 15 for 12-bit samples (T.81 F.1.2.1). */
const OWN = { 8: ownTable(12), 12: ownTable(16) }

/** @throws NocturneError `malformed`, `pixels_not_cleaned` */
export function blankDctFrame(
  bytes: Buffer,
  geometry: Geometry,
  mask: Mask,
  pace: Pace,
): Steps<Buffer> {
  const own = geometry.bitsAllocated === 8 ? OWN[8] : OWN[12]
  return rewriteJpeg(bytes, geometry, own, SEQUENTIAL, (frame, scan, writer) =>
    rewriteScan(frame, scan, { geometry, mask, pace }, writer, own.table),
  )
}

interface Written {
  readonly channel: Channel
  /** The DC coefficient of a black block. */
  readonly black: number
  /** DC of the previous block. */
  before: number
}

function* rewriteScan(
  frame: JpegFrame,
  scan: JpegScan,
  { geometry, mask, pace }: Blanking,
  writer: BitWriter,
  table: HuffmanTable,
): Steps<void> {
  const { widest, highest } = samplingOf(frame)
  const aligned = alignMask(mask, 8 * widest, 8 * highest, geometry)
  const channels = channelsOf(scan)
  const outputs = channels.map((channel): Written => {
    const black = blackOf(frame, geometry, channel, scan)
    return { channel, black, before: 0 }
  })
  for (const { x, y, restart } of unitsOf(frame, scan, channels, geometry)) {
    if (restart !== undefined) {
      writer.align()
      writer.marker(0xd0 + restart)
      for (const output of outputs) output.before = 0
    }
    const isBlanked = runsAt(aligned, y).some(([from, to]) => x >= from && x < to)
    for (const output of outputs)
      for (let block = 0; block < output.channel.blocks; block++)
        rewriteBlock(output, scan, writer, table, isBlanked)
    if (pace.isDue()) yield
  }
  writer.align()
}

function rewriteBlock(
  output: Written,
  { reader }: JpegScan,
  writer: BitWriter,
  table: HuffmanTable,
  isBlanked: boolean,
): void {
  const { channel } = output
  const read = readDc(reader, channel)
  const dc = isBlanked ? output.black : read
  const difference = dc - output.before
  const size = categoryOf(difference)
  writeSymbol(writer, table, size)
  writer.put(bitsOf(difference, size), size)
  output.before = dc
  readAc(reader, channel, (symbol, bits) => {
    if (isBlanked) return
    writeSymbol(writer, channel.ac, symbol)
    writer.put(bits, symbol & 15)
  })
  if (isBlanked) writeSymbol(writer, channel.ac, 0)
}

/**
 * Samples are shifted to be centred on zero, and the DC coefficient is eight times their mean
 * (A.3.1, A.3.3).
 */
function blackOf(
  frame: JpegFrame,
  geometry: Geometry,
  { component }: Channel,
  { quantizers }: JpegScan,
): number {
  const quantizer = quantizers.get(component.quantization)?.[0] ?? 0
  if (quantizer === 0) throw new NocturneError('malformed')
  if (isLuminanceFirst(frame, geometry) && frame.components[0] !== component) return 0
  const middle = 1 << (frame.precision - 1)
  const sample = geometry.photometric === 'MONOCHROME1' ? middle - 1 : -middle
  return Math.round((8 * sample) / quantizer)
}
