/** An assessment for machines: NIST's OSCAL, four documents that refer to one another. */
export { oscalFiles } from './files.js'
export type { LedgerProof } from './results.js'
