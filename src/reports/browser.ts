/**
 * The room's face for machines on which reports are written and opened, commands and pages alike;
 * without any Node module.
 *
 * In: what a reader wrote, or a sealed report with its statement, and functions of the key.
 * Out: the signed statement and sealed message; or the document, if it is what its reader signed.
 * Trusts: the functions that it is given.
 */
export { composeReport } from './compose.js'
export type { ComposedReport, WrittenReport } from './compose.js'
export { readReport } from './read.js'
export type { ReportOpening } from './read.js'
