/**
 * One element in another encoding of PS3.5 section 7: for what leaves a file's data set, and what
 * comes back into one.
 */
import { vrOf } from '../dictionary/dictionary.js'
import { type Element, type Encoding, ITEM, LONG_VRS } from '../elements/element.js'
import { encodeElement, encodeItemTag } from './write.js'

/** Bytes of one value of the VRs whose bytes have an order. */
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
 * The element with all that is nested in it, lengths defined. Undefined for what has no such form:
 * encapsulated fragments, sequences that were passed over unread, and values whose length is no
 * multiple of their width.
 */
export function transcode(
  element: Element,
  buffer: Buffer,
  from: Encoding,
  to: Encoding,
): Buffer | undefined {
  const { tag, items, valueStart, valueEnd } = element
  if (element.fragments || isUnread(element)) return undefined
  // What is as long as it says, and of a VR that says all, is the same bytes.
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
  // A file of implicit VR may hold what the dictionary knows better than another file's UN.
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
