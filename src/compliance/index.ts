/**
 * The room that assesses: what the HIPAA audit protocol asks, what the site shows by itself, what people state, and what is
 * missing.
 *
 * In:  facts of the site, entries of registers, statements of people.
 * Out: assessments with their evidence, and exports of them.
 * Always true: no row is met without evidence; what could not be looked at is not met; a statement never outweighs what a
 *      check has seen; every entry, statement and assessment is an event.
 * Trusts: the sources that it is given. It evidences and reminds; it makes nobody compliant.
 */
export { catalogueOf, CHECKS } from './catalogue.js'
export type { CatalogueRow, ProfileName } from './catalogue.js'
export { protocolRows, securityRule } from './citations.js'
export { probeDoor } from './collect/door.js'
export { sampleObjects } from './collect/sample.js'
export { coverageText } from './coverage.js'
export { SAYINGS } from './desk-form.js'
export { readEntry } from './entry-form.js'
export { assessmentPdf } from './exports/pdf.js'
export type { PdfContext } from './exports/pdf.js'
export { assessmentCsv } from './exports/rows.js'
export { assessmentWorkbook } from './exports/workbook.js'
export type { Facts } from './facts.js'
export { gateClaim, gateTransfer } from './gates.js'
export { KIND_RULES } from './kinds.js'
export type { RegisterEntry, RegisterKind } from './kinds.js'
export type { NewAction, NewStatement } from './desk-form.js'
export type { NewEntry } from './registers.js'
export { createCompliance } from './office.js'
export type { Compliance } from './office.js'
export { oscalFiles } from './oscal/index.js'
export type { LedgerProof } from './oscal/results.js'
export { isRegisterKind } from './registers.js'
export { assess, compare, countStates } from './run.js'
export type { Assessment, Finding, RunOptions, Statement } from './run.js'
