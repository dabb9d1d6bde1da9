/**
 * The ground that reads DICOM (PS3.5, PS3.10): a stream becomes elements as ranges of one buffer.
 *
 * In:  the bytes of a file.
 * Out: elements at every depth, nothing copied and nothing decoded; pixel data passes as it comes.
 * Always true: every length, depth and count is bounded before it is followed.
 * Trusts: nothing of the file. Uses no Node module: inflating comes in as an argument.
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
export { Incomplete, readDataset, readElement, readHeader } from './walk.js'
export type { Header } from './walk.js'
