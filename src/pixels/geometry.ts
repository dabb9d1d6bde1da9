/** How the pixels of an image are laid out (PS3.3 C.7.6.3), as far as blanking needs it. */
import { readUint16, type Element, type Encoding, findElement } from '../dicom/elements/index.js'

export interface Geometry {
  readonly rows: number
  readonly columns: number
  readonly frames: number
  readonly samples: number
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly isSigned: boolean
  /** Planar Configuration 1: colour stored by plane. */
  readonly isPlanar: boolean
  readonly photometric: string
}

/** Frames per image; a cine loop has a few hundred. */
export const MAX_FRAMES = 1_000_000

/** Undefined when the header does not state the layout, or states an impossible one. */
export function geometryOf(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
): Geometry | undefined {
  const find = (tag: number) => findElement(elements, tag)
  const number = (tag: number, otherwise?: number): number | undefined => {
    const found = find(tag)
    if (!found) return otherwise
    return readUint16(found, buffer, encoding)
  }
  const text = (tag: number): string => {
    const found = find(tag)
    if (!found) return ''
    const { valueStart, valueEnd } = found
    return buffer.toString('latin1', valueStart, Math.min(valueEnd, valueStart + 64)).trim()
  }
  const bitsAllocated = number(0x00280100)
  const bitsStored = number(0x00280101, bitsAllocated)
  const frames = text(0x00280008) === '' ? 1 : Number(text(0x00280008).replace(/\0/g, ''))
  const values = {
    rows: number(0x00280010),
    columns: number(0x00280011),
    samples: number(0x00280002, 1),
    bitsAllocated,
    bitsStored,
    highBit: number(0x00280102, bitsStored === undefined ? undefined : bitsStored - 1),
    sign: number(0x00280103, 0),
    planar: number(0x00280006, 0),
  }
  if (!isWhole(values)) return undefined
  const { rows, columns, samples, highBit, sign, planar } = values
  const isPossible =
    Number.isInteger(frames) &&
    frames >= 1 &&
    frames <= MAX_FRAMES &&
    rows > 0 &&
    columns > 0 &&
    (samples === 1 || samples === 3) &&
    values.bitsStored >= 1 &&
    values.bitsStored <= values.bitsAllocated &&
    highBit < values.bitsAllocated &&
    highBit + 1 >= values.bitsStored &&
    sign <= 1 &&
    planar <= 1
  if (!isPossible) return undefined
  return {
    rows,
    columns,
    frames,
    samples,
    bitsAllocated: values.bitsAllocated,
    bitsStored: values.bitsStored,
    highBit,
    isSigned: sign === 1,
    isPlanar: samples > 1 && planar === 1,
    photometric: text(0x00280004).replace(/\0/g, '').toUpperCase(),
  }
}

function isWhole<K extends string>(
  values: Readonly<Record<K, number | undefined>>,
): values is Readonly<Record<K, number>> {
  return Object.values(values).every((value) => value !== undefined)
}

/**
 * The bytes of a black pixel, one little-endian buffer per sample; undefined for unsupported colour
 * spaces. In MONOCHROME1 the largest value is black. In YBR the zero of the chroma samples is
 * mid-range.
 */
export function blackOf(geometry: Geometry): readonly Buffer[] | undefined {
  const { photometric, samples, bitsAllocated, bitsStored, highBit, isSigned } = geometry
  const bytes = Math.ceil(bitsAllocated / 8)
  const sample = (value: bigint): Buffer => {
    const buffer = Buffer.alloc(bytes)
    for (let at = 0; at < bytes; at++) buffer[at] = Number((value >> BigInt(8 * at)) & 0xffn)
    return buffer
  }
  const zero = sample(0n)
  const isGrey = photometric === 'MONOCHROME2' || photometric === 'PALETTE COLOR'
  if (samples === 1 && isGrey) return [zero]
  if (samples === 1 && photometric === 'MONOCHROME1') {
    const largest = (1n << BigInt(isSigned ? bitsStored - 1 : bitsStored)) - 1n
    const shifted = largest << BigInt(highBit + 1 - bitsStored)
    return [sample(bitsAllocated === 1 ? 0xffn : shifted)]
  }
  if (samples !== 3) return undefined
  if (photometric === 'RGB' || photometric === 'YBR_RCT' || photometric === 'YBR_ICT')
    return [zero, zero, zero]
  if (bitsAllocated !== 8) return undefined
  const middle = sample(128n)
  if (photometric === 'YBR_FULL' || photometric === 'YBR_FULL_422') return [zero, middle, middle]
  if (photometric === 'YBR_PARTIAL_422') return [sample(16n), middle, middle]
  return undefined
}
