/**
 * The room that assesses: what the HIPAA audit protocol asks, what the site shows by itself, what people state, and what is
 * missing.
 *
 * In:  facts of the site as plain data, registers, statements of people.
 * Out: assessments with their evidence, and exports of them.
 * Always true: no row is met without evidence; what could not be looked at is not met; a statement never outweighs what a
 *      check has seen.
 * Trusts: the facts it is given. It evidences and reminds; it makes nobody compliant.
 */
export { catalogueOf, CHECKS } from './catalogue.js'
export type { CatalogueRow, ProfileName } from './catalogue.js'
export { protocolRows, securityRule } from './citations.js'
export { coverageText } from './coverage.js'
export type { Facts } from './facts.js'
export { assess, compare, countStates } from './run.js'
export type { Assessment, Finding, RunOptions, Statement } from './run.js'
export { oscalFiles } from './oscal/index.js'
export type { LedgerProof } from './oscal/results.js'
export { assessmentCsv } from './exports/rows.js'
export { assessmentWorkbook } from './exports/workbook.js'
