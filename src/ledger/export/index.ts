/**
 * Exports the ledger: a ZIP or a file of events with one proof for all of them, as CSV, NDJSON,
 * FHIR or DICOM.
 */
export { exportLedger } from './export.js'
export type { ExportQuery } from './export.js'
export { UNLISTED } from './package-about.js'
export { packageMembers } from './package.js'
export { isPackageFormat } from './renderings.js'
export type { PackageFormat } from './renderings.js'
