/**
 * The room of the officer: what compliance asks of the ledger. Reports on a facility (accounting of
 * disclosures, 45 CFR 164.528; facts of a breach, 164.402 to 164.410), exports, questions about a
 * patient, reviews and legal holds.
 *
 * In:  the ledger, and a question from an officer whom the access room has authorized.
 * Out: the answer, as CSV, PDF, ZIP or records.
 * Always true: every question is an event before it is answered; a report contains only what is in
 *      the ledger, each line names the entry that proves it, and a report that would be truncated
 *      is refused.
 * Trusts: the ledger, which identifies patients only by keyed handles.
 */
export { accountingCsv, accountingPdf } from './accounting.js'
export { dossierCsv, dossierPdf, keysCsv } from './dossier.js'
export { collectEvidence } from './collect.js'
export { nightCsv } from './night.js'
export type { EvidenceScope } from './evidence.js'
export { createOfficer } from './officer.js'
export type { Officer } from './officer.js'
export { REPORTS } from './requests.js'
