/** Scans of a sequential DCT (T.81 annex F): their MCUs in order, and the codes of one block. */
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
  /** Blocks of this component per MCU, and how many of them lie side by side. */
  readonly blocks: number
  readonly across: number
  /** DC of the previous block. */
  before: number
}

/** @throws NocturneError `malformed` */
export const channelsOf = ({ components }: JpegScan): readonly Channel[] =>
  components.map(({ component, dc, ac }) => {
    if (!ac) throw new NocturneError('malformed')
    // In a scan with a single component, an MCU is one block (A.2.2).
    const isSingle = components.length === 1
    const blocks = isSingle ? 1 : component.across * component.down
    return { component, dc, ac, blocks, across: isSingle ? 1 : component.across, before: 0 }
  })

/** The largest sampling factors of all components. */
export const samplingOf = ({ components }: JpegFrame) => ({
  widest: Math.max(...components.map(({ across }) => across)),
  highest: Math.max(...components.map(({ down }) => down)),
})

/** A minimum coded unit. */
export interface Unit {
  readonly row: number
  readonly column: number
  /** Coordinates of the first pixel it covers. */
  readonly x: number
  readonly y: number
  /** The number (0 to 7) of the restart marker that precedes it; undefined if there is none. */
  readonly restart: number | undefined
}

/**
 * Yields the MCUs in order. The reader is then at the first block of the MCU and, after a restart
 * marker, every channel is reset.
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

/**
 * Reads the DC coefficient of the next block.
 *
 * @throws NocturneError `malformed`
 */
export function readDc(reader: BitReader, channel: Channel): number {
  const category = readSymbol(reader, channel.dc)
  if (category > 15) throw new NocturneError('malformed')
  channel.before += toDifference(reader.take(category), category)
  return channel.before
}

/**
 * Reads the codes of the block's other coefficients, including the end-of-block code.
 *
 * @param seen is called with each symbol, the bits that follow it, and the index of its coefficient
 *   in zigzag order.
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
