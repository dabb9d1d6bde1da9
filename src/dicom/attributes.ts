/** Values of a data set's top level as text. */
import { type Decode, decodeDefault } from './text/index.js'
import { type Element, findElement } from './element.js'

/** Of a value; none that is asked for is longer. */
const MAX_READ = 0x10000

/** Values of the top level as text, without padding; empty for what is absent or a sequence. */
export const readerOf =
  (elements: readonly Element[], buffer: Buffer) =>
  (tag: number, decode: Decode = decodeDefault): string => {
    const found = findElement(elements, tag)
    if (!found || found.items) return ''
    const end = Math.min(found.valueEnd, found.valueStart + MAX_READ)
    return decode(buffer.subarray(found.valueStart, end)).replace(/\0/g, '').trim()
  }
