/** The parts of this room that run in a browser. Nothing here, or imported from here, uses Node. */
export type { LedgerCrypto } from './verify/crypto.js'
export { parseVerifierKey } from './verify/note.js'
export type { About } from './export/package-about.js'
export { shapeOf } from './records/shapes.js'
export type { EntryJson } from './export/renderings.js'
export { verifyPackage } from './verify/verify-package.js'
export type { PackageReport } from './verify/verify-package.js'
