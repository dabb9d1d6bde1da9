/**
 * The room that prepares legal reports: accounting of disclosures (45 CFR 164.528) and the facts of
 * a breach (164.402 to 164.410).
 *
 * In:  the ledger, a facility and a period.
 * Out: the same facts as CSV and as a readable PDF.
 * Always true: a report contains only what is in the ledger, each line names the entry that proves
 *      it, and a report that would be truncated is refused.
 * Trusts: the ledger, which identifies patients only by keyed handles.
 */
export { accountingCsv, accountingPdf } from './accounting.js'
export { dossierCsv, dossierPdf, keysCsv } from './dossier.js'
export { collectEvidence } from './collect.js'
export type { Evidence, EvidenceScope } from './collect.js'
export type { ReportContext } from './report.js'
