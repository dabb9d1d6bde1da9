/**
 * Converts one element to another encoding of PS3.5 section 7: for elements that are moved out of a
 * file's data set, and for those that are put back into one.
 */
import { vrOf } from '../dictionary/dictionary.js'
import { type Element, type Encoding, ITEM, LONG_VRS } from '../elements/element.js'
import { encodeElement, encodeItemTag } from './write.js'

/** Bytes per value for the VRs that depend on byte order. */
const WIDTHS: Readonly<Record<string, 2 | 4 | 8>> = {
  US: 2,
  SS: 2,
  OW: 2,
  AT: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  OL: 4,
  OF: 4,
  FD: 8,
  OD: 8,
  OV: 8,
  SV: 8,
  UV: 8,
}
const MAX_SHORT_LENGTH = 0xffff

/**
 * The element with everything nested in it, all lengths defined. Undefined for elements that cannot
 * be converted: encapsulated fragments, sequences that were skipped unread, and values whose length
 * is not a multiple of their width.
 */
export function transcode(
  element: Element,
  buffer: Buffer,
  from: Encoding,
  to: Encoding,
): Buffer | undefined {
  const { tag, items, valueStart, valueEnd } = element
  if (element.fragments || isUnread(element)) return undefined
  // Within the same explicit encoding, an element of defined length and known VR needs no
  // conversion.
  if (from === to && from.explicit && !items && element.vr !== 'UN' && element.vr !== 'SQ')
    return buffer.subarray(element.start, element.end)
  if (items) {
    const encoded: Buffer[] = []
    for (const item of items) {
      const content = item.elements.map((inside) => transcode(inside, buffer, item.encoding, to))
      if (!content.every((part) => part !== undefined)) return undefined
      const bytes = Buffer.concat(content)
      encoded.push(encodeItemTag(ITEM, bytes.length, to), bytes)
    }
    return encodeElement(tag, 'SQ', Buffer.concat(encoded), to)
  }
  // In an implicit-VR file the dictionary may supply a better VR than the UN of an explicit-VR
  // file.
  const vr = element.vr === 'UN' ? (vrOf(tag) ?? 'UN') : element.vr
  const known = vr === 'SQ' ? 'UN' : vr
  const value = reordered(buffer.subarray(valueStart, valueEnd), known, from, to)
  if (value === undefined) return undefined
  const isTooLong = value.length > MAX_SHORT_LENGTH && !LONG_VRS.has(known)
  return encodeElement(tag, isTooLong ? 'UN' : known, value, to)
}

const isUnread = ({ tag, vr, items }: Element): boolean =>
  items === undefined && (vr === 'SQ' || vrOf(tag) === 'SQ')

function reordered(value: Buffer, vr: string, from: Encoding, to: Encoding): Buffer | undefined {
  const width = from.bigEndian === to.bigEndian ? undefined : WIDTHS[vr]
  if (width === undefined) return value
  if (value.length % width !== 0) return undefined
  const swapped = Buffer.from(value)
  if (width === 2) return swapped.swap16()
  return width === 4 ? swapped.swap32() : swapped.swap64()
}
