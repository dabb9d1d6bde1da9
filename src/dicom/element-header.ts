/** Tag, VR and length of one element (PS3.5 section 7.1). */
import { vrOf } from './dictionary/dictionary.js'
import { type Encoding, ITEM, ITEM_END, SEQUENCE_END, vrNamed } from './elements/element.js'
import { RULES, beyond, fault } from './fault.js'

export interface Header {
  readonly tag: number
  readonly vr: string
  readonly length: number
  readonly valueStart: number
}

/**
 * @throws Incomplete
 * @throws NocturneError `malformed` for a VR that PS3.5 does not define.
 */
export function readHeader(
  buffer: Buffer,
  at: number,
  end: number,
  open: boolean,
  { explicit, bigEndian }: Encoding,
): Header {
  if (at + 8 > end) throw beyond(open, at, at + 8)
  const tag = readTag(buffer, at, bigEndian)
  if (!explicit || tag === ITEM || tag === ITEM_END || tag === SEQUENCE_END) {
    const length = readLength(buffer, at + 4, bigEndian)
    return { tag, vr: vrOf(tag) ?? 'UN', length, valueStart: at + 8 }
  }
  const known = vrNamed(buffer.readUInt16BE(at + 4))
  if (known === undefined) throw fault(RULES.vr, at)
  if (!known.long) {
    const length = bigEndian ? buffer.readUInt16BE(at + 6) : buffer.readUInt16LE(at + 6)
    return { tag, vr: known.vr, length, valueStart: at + 8 }
  }
  if (at + 12 > end) throw beyond(open, at, at + 12)
  const length = readLength(buffer, at + 8, bigEndian)
  return { tag, vr: known.vr, length, valueStart: at + 12 }
}

export function readTag(buffer: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? buffer.readUInt32BE(at) : swapped(buffer.readUInt32LE(at))
}

const swapped = (halves: number): number => ((halves << 16) | (halves >>> 16)) >>> 0

export const readLength = (buffer: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? buffer.readUInt32BE(at) : buffer.readUInt32LE(at)
