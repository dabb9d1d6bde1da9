/**
 * The structure of a JPEG image (ITU-T T.81 annex B): its segments, and what blanking needs to know
 * about each.
 */
import { NocturneError } from '../lib/errors.js'
import { BitReader, huffmanTable, type HuffmanTable } from './bits.js'
import type { Steps } from '../lib/pace.js'
import type { Geometry } from './geometry.js'

const SOI = 0xffd8
const [EOI, SOS, DHT, DQT, DRI, APP0, APP14] = [0xd9, 0xda, 0xc4, 0xdb, 0xdd, 0xe0, 0xee] as const
const MAX_SEGMENTS = 1000

export interface JpegComponent {
  readonly id: number
  /** Horizontal sampling factor. */
  readonly across: number
  readonly down: number
  readonly quantization: number
}

export interface JpegFrame {
  /** SOF0 and SOF1: sequential DCT with Huffman codes; SOF3: lossless. */
  readonly process: 0 | 1 | 3
  readonly precision: number
  readonly components: readonly JpegComponent[]
  /** A JFIF header is present, which means that colour is YCbCr. */
  readonly isJfif: boolean
}

export interface JpegScan {
  readonly components: readonly {
    readonly component: JpegComponent
    readonly dc: HuffmanTable
    readonly ac: HuffmanTable | undefined
  }[]
  /** First coefficient, or the predictor of a lossless scan. */
  readonly start: number
  /** Point transform of a lossless scan. */
  readonly shift: number
  /** MCUs between restarts; 0 if there are none. */
  readonly restarts: number
  /** Quantization factors of each coefficient in zigzag order, by table number. */
  readonly quantizers: ReadonlyMap<number, Uint16Array>
  readonly reader: BitReader
}

/** Callbacks for the parts of an image as it is read. */
export interface JpegVisitor {
  /**
   * Called for each segment that decoders need, except Huffman tables for DC or differences,
   * because writers use their own.
   */
  segment?(marker: number, body: Buffer): void
  /** Must read the bits of the scan to their end. */
  scan(frame: JpegFrame, scan: JpegScan, body: Buffer): Steps<void>
}

interface State {
  frame: JpegFrame | undefined
  isJfif: boolean
  restarts: number
  readonly dc: Map<number, HuffmanTable>
  readonly ac: Map<number, HuffmanTable>
  readonly quantizers: Map<number, Uint16Array>
  /** Each component must be in a scan: decoders invent the pixels of one that is missing. */
  readonly scanned: Set<JpegComponent>
}

/**
 * Reads one image from its first marker to its last. Comments and application segments are left
 * out, because they may contain thumbnails and names; only those that state the colour coding are
 * kept.
 *
 * @throws NocturneError `malformed`
 * @throws NocturneError `pixels_not_cleaned` for an unsupported process, or if the image does not
 *   have the size or kind stated in the DICOM header.
 */
export function* readJpeg(
  bytes: Buffer,
  geometry: Geometry,
  processes: readonly number[],
  visitor: JpegVisitor,
): Steps<void> {
  const state: State = {
    frame: undefined,
    isJfif: false,
    restarts: 0,
    dc: new Map(),
    ac: new Map(),
    quantizers: new Map(),
    scanned: new Set(),
  }
  if (bytes.length < 2 || bytes.readUInt16BE(0) !== SOI) throw new NocturneError('malformed')
  let at = 2
  for (let count = 0; count < MAX_SEGMENTS; count++) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1
    if (bytes[at] !== 0xff) throw new NocturneError('malformed')
    const marker = bytes[at + 1] ?? 0
    if (marker === EOI) {
      if (state.scanned.size !== geometry.samples) throw new NocturneError('malformed')
      return
    }
    if (at + 4 > bytes.length) throw new NocturneError('malformed')
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    if (end > bytes.length || end < at + 4) throw new NocturneError('malformed')
    const body = bytes.subarray(at + 4, end)
    at = end
    if (marker === SOS) {
      const reader = new BitReader(bytes, at)
      yield* visitor.scan(...readScan(body, state, reader), body)
      at = reader.position
    } else {
      const kept = readSegment(marker, body, state, geometry, processes)
      if (kept) visitor.segment?.(marker, kept)
    }
  }
  throw new NocturneError('malformed')
}

/** The part of the segment that a decoder needs; undefined if there is none. */
function readSegment(
  marker: number,
  body: Buffer,
  state: State,
  geometry: Geometry,
  processes: readonly number[],
): Buffer | undefined {
  if (marker === DHT) return readTables(body, state)
  if (marker === DQT) {
    readQuantizers(body, state)
    return body
  }
  if (marker === DRI) {
    if (body.length !== 2) throw new NocturneError('malformed')
    state.restarts = body.readUInt16BE(0)
    return body
  }
  if (marker === APP0) {
    // A JFIF header without a thumbnail is 14 bytes long.
    state.isJfif ||= body.toString('latin1', 0, 5) === 'JFIF\0'
    return body.length === 14 && state.isJfif ? body : undefined
  }
  if (marker === APP14) return body.length === 12 ? body : undefined
  if (marker >= 0xe0) return undefined
  if (!processes.includes(marker - 0xc0) || state.frame)
    throw new NocturneError('pixels_not_cleaned')
  state.frame = readFrame(marker, body, state, geometry)
  return body
}

function readFrame(
  marker: number,
  body: Buffer,
  { isJfif }: State,
  { rows, columns, samples, bitsAllocated }: Geometry,
): JpegFrame {
  const count = body[5] ?? 0
  if (body.length !== 6 + 3 * count) throw new NocturneError('malformed')
  const precision = body[0] ?? 0
  const isAsDeclared =
    body.readUInt16BE(1) === rows &&
    body.readUInt16BE(3) === columns &&
    count === samples &&
    precision >= 2 &&
    precision <= Math.min(16, bitsAllocated)
  if (!isAsDeclared) throw new NocturneError('pixels_not_cleaned')
  const components = Array.from({ length: count }, (_, index): JpegComponent => {
    const [id = 0, factors = 0, quantization = 0] = body.subarray(6 + 3 * index)
    const [across, down] = [factors >> 4, factors & 15]
    if (across < 1 || across > 4 || down < 1 || down > 4) throw new NocturneError('malformed')
    return { id, across, down, quantization }
  })
  const process = marker === 0xc3 ? 3 : marker === 0xc1 ? 1 : 0
  return { process, precision, components, isJfif }
}

/** Keeps AC tables and removes DC tables, which are replaced by our own. */
function readTables(body: Buffer, state: State): Buffer | undefined {
  const kept: Buffer[] = []
  for (let at = 0; at < body.length;) {
    const kind = body[at] ?? 0
    const counts = body.subarray(at + 1, at + 17)
    const total = counts.reduce((sum, count) => sum + count, 0)
    const end = at + 17 + total
    if (counts.length < 16 || total > 256 || end > body.length) throw new NocturneError('malformed')
    const table = huffmanTable(counts, body.subarray(at + 17, end))
    if (kind >> 4 === 0) {
      state.dc.set(kind, table)
    } else {
      state.ac.set(kind & 15, table)
      kept.push(body.subarray(at, end))
    }
    at = end
  }
  return kept.length > 0 ? Buffer.concat(kept) : undefined
}

function readQuantizers(body: Buffer, { quantizers }: State): void {
  for (let at = 0; at < body.length;) {
    const kind = body[at] ?? 0
    const isWide = kind >> 4 !== 0
    const end = at + 1 + (isWide ? 128 : 64)
    if (end > body.length) throw new NocturneError('malformed')
    const read = (index: number): number =>
      isWide ? body.readUInt16BE(at + 1 + 2 * index) : (body[at + 1 + index] ?? 0)
    quantizers.set(
      kind & 15,
      Uint16Array.from({ length: 64 }, (_, index) => read(index)),
    )
    at = end
  }
}

function readScan(body: Buffer, state: State, reader: BitReader): [JpegFrame, JpegScan] {
  const { frame, dc, ac, restarts, quantizers } = state
  const count = body[0] ?? 0
  if (!frame || count < 1 || count > frame.components.length || body.length !== 4 + 2 * count)
    throw new NocturneError('malformed')
  const components = Array.from({ length: count }, (_, index) => {
    const [id, tables = 0] = body.subarray(1 + 2 * index)
    const component = frame.components.find((one) => one.id === id)
    const table = dc.get(tables >> 4)
    if (!component || !table || state.scanned.has(component)) throw new NocturneError('malformed')
    state.scanned.add(component)
    return { component, dc: table, ac: ac.get(tables & 15) }
  })
  const start = body[1 + 2 * count] ?? 0
  const shift = (body[3 + 2 * count] ?? 0) & 15
  return [frame, { components, start, shift, restarts, quantizers, reader }]
}

/** Whether the first component is luminance and any others are chroma. */
export const isLuminanceFirst = (
  { components, isJfif }: JpegFrame,
  { photometric }: Geometry,
): boolean => components.length === 1 || isJfif || photometric.startsWith('YBR')
