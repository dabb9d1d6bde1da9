/**
 * Elements of a data set as ranges of its buffer (PS3.5 7.1), and access to the values of its top
 * level.
 */
export { readerOf, readUint16 } from './attributes.js'
export {
  EXPLICIT,
  EXPLICIT_BIG,
  IMPLICIT,
  findElement,
  isOffsetTable,
  ITEM,
  SEQUENCE_END,
  UNDEFINED_LENGTH,
} from './element.js'
export type { Element, Encoding, Item } from './element.js'
