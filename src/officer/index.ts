/**
 * The room that answers the law: accounting of disclosures (45 CFR 164.528) and the facts of a
 * breach (164.402 to 164.410).
 *
 * In:  the ledger, a facility and a period.
 * Out: the same facts as CSV and as a PDF for people.
 * Always true: nothing is in them that is not in the ledger, each line names the entry that proves
 *      it, and a report that would be cut short is refused.
 * Trusts: the ledger. It knows patients by their keyed handles alone.
 */
export { accountingCsv, accountingPdf } from './accounting.js'
export { dossierCsv, dossierPdf, keysCsv } from './dossier.js'
export { collectEvidence } from './collect.js'
export type { Evidence, EvidenceScope } from './collect.js'
export type { ReportContext } from './report.js'
