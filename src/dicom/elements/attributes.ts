/** Values of the top level of a data set as text. */
import { type Decode, decodeDefault } from '../text/charset.js'
import { type Element, type Encoding, findElement } from './element.js'

/** Longest value to decode; none of the attributes read here is longer. */
const MAX_READ = 0x10000

/**
 * Reads values of the top level as text, without padding. Empty if the element is absent or a
 * sequence.
 */
export const readerOf =
  (elements: readonly Element[], buffer: Buffer) =>
  (tag: number, decode: Decode = decodeDefault): string => {
    const found = findElement(elements, tag)
    if (!found || found.items) return ''
    const { valueStart } = found
    const end = Math.min(found.valueEnd, valueStart + MAX_READ)
    const text =
      decode === decodeDefault
        ? buffer.toString('latin1', valueStart, end)
        : decode(buffer.subarray(valueStart, end))
    return (text.includes('\0') ? text.replaceAll('\0', '') : text).trim()
  }

/** A US or UL with a single value; undefined for anything else. */
export function readUint16(
  { valueStart, valueEnd }: Pick<Element, 'valueStart' | 'valueEnd'>,
  buffer: Buffer,
  { bigEndian }: Encoding,
): number | undefined {
  const length = valueEnd - valueStart
  if (length === 2)
    return bigEndian ? buffer.readUInt16BE(valueStart) : buffer.readUInt16LE(valueStart)
  if (length === 4)
    return bigEndian ? buffer.readUInt32BE(valueStart) : buffer.readUInt32LE(valueStart)
  return undefined
}
