/**
 * Reads DICOM (PS3.5, PS3.10): turns a stream into elements that are ranges of one buffer.
 *
 * In:  the bytes of a file.
 * Out: elements at every depth, not copied and not decoded; pixel data is streamed through.
 * Always true: every length, depth and count is bounded before it is used.
 * Trusts: nothing in the file. Uses no Node module: the inflater is passed in as an argument.
 */
export { Budget } from './budget.js'
export { inflated } from './inflate.js'
export type { RawDeflate } from './inflate.js'
export { readStart } from './part10.js'
export type { Start } from './part10.js'
export { Reader } from './reader.js'
export { dropTail, readHead } from './stretch.js'
export type { Stretch } from './stretch.js'
export type { Syntax } from './syntax.js'
export { readDataset, readElement } from './walk.js'
export { readHeader } from './element-header.js'
export type { Header } from './element-header.js'
export { Incomplete } from './fault.js'
