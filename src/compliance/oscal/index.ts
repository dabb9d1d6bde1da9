/** Exports an assessment for machines: four OSCAL documents that refer to one another. */
export { oscalFiles } from './files.js'
export type { LedgerProof } from './results.js'
