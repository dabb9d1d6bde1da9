/** What a browser runs of this room: nothing here, or behind it, is Node's own. */
export type { LedgerCrypto } from './crypto.js'
export { parseVerifierKey } from './note.js'
export type { About } from './package-about.js'
export { shapeOf } from './records/shapes.js'
export type { EntryJson } from './renderings.js'
export { verifyPackage } from './verify-package.js'
export type { PackageReport } from './verify-package.js'
