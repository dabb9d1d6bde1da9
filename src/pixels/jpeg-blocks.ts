/** Scans of a sequential DCT (T.81 annex F): their units in order, and the codes of one block. */
import { NocturneError } from '../lib/errors.js'
import { readSymbol, toDifference, type BitReader, type HuffmanTable } from './bits.js'
import type { Geometry } from './geometry.js'
import type { JpegComponent, JpegFrame, JpegScan } from './jpeg.js'

/** SOF0 and SOF1. */
export const SEQUENTIAL = [0, 1]

/** A component of a scan. */
export interface Channel {
  readonly component: JpegComponent
  readonly dc: HuffmanTable
  readonly ac: HuffmanTable
  /** Its blocks in one unit, and how many of them lie side by side. */
  readonly blocks: number
  readonly across: number
  /** DC of the block before. */
  before: number
}

/** @throws NocturneError `malformed` */
export const channelsOf = ({ components }: JpegScan): readonly Channel[] =>
  components.map(({ component, dc, ac }) => {
    if (!ac) throw new NocturneError('malformed')
    // The unit of a scan of one component is one block of it (A.2.2).
    const isSingle = components.length === 1
    const blocks = isSingle ? 1 : component.across * component.down
    return { component, dc, ac, blocks, across: isSingle ? 1 : component.across, before: 0 }
  })

/** The largest sampling factors. */
export const samplingOf = ({ components }: JpegFrame) => ({
  widest: Math.max(...components.map(({ across }) => across)),
  highest: Math.max(...components.map(({ down }) => down)),
})

/** A minimum coded unit. */
export interface Unit {
  readonly row: number
  readonly column: number
  /** The first pixel that it covers. */
  readonly x: number
  readonly y: number
  /** Which of the eight restart markers stands before it; undefined for none. */
  readonly restart: number | undefined
}

/**
 * In their order, each with the reader at its first block and, behind a restart, with every channel
 * begun anew.
 */
export function* unitsOf(
  frame: JpegFrame,
  { components, reader, restarts }: JpegScan,
  channels: readonly Channel[],
  { rows, columns }: Geometry,
): Generator<Unit, void> {
  const { widest, highest } = samplingOf(frame)
  const single = components.length === 1 ? components[0]?.component : undefined
  const width = (8 * widest) / (single?.across ?? 1)
  const height = (8 * highest) / (single?.down ?? 1)
  const across = Math.ceil(columns / width)
  const down = Math.ceil(rows / height)
  let count = 0
  for (let row = 0; row < down; row++)
    for (let column = 0; column < across; column++, count++) {
      const isRestart = restarts > 0 && count > 0 && count % restarts === 0
      const restart = isRestart ? (count / restarts - 1) % 8 : undefined
      if (restart !== undefined) {
        reader.restart(restart)
        for (const channel of channels) channel.before = 0
      }
      yield { row, column, x: Math.floor(column * width), y: Math.floor(row * height), restart }
    }
}

/** The DC coefficient of the next block. @throws NocturneError `malformed` */
export function readDc(reader: BitReader, channel: Channel): number {
  const category = readSymbol(reader, channel.dc)
  if (category > 15) throw new NocturneError('malformed')
  channel.before += toDifference(reader.take(category), category)
  return channel.before
}

/**
 * The codes of its other coefficients, the end of the block included.
 *
 * @param seen is given each symbol, the bits behind it, and which coefficient it is in zigzag
 * order.
 * @throws NocturneError `malformed`
 */
export function readAc(
  reader: BitReader,
  { ac }: Channel,
  seen: (symbol: number, bits: number, coefficient: number) => void,
): void {
  for (let k = 1; k < 64; k++) {
    const symbol = readSymbol(reader, ac)
    const isEnd = (symbol & 15) === 0 && symbol !== 0xf0
    if (!isEnd) k += symbol >> 4
    if (k > 63) throw new NocturneError('malformed')
    seen(symbol, reader.take(symbol & 15), k)
    if (isEnd) return
  }
}
