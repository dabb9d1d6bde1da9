/**
 * Protects rows that admit or authorise someone from changes made directly in the database: each
 * carries a MAC under the site's secret, and must agree with the ledger.
 *
 * In: rows of certificates, people, tokens, gateway keys and registers, as they are written and
 *      read; rows of reports and the like, which hold a signature and its certificate.
 * Out: whether a row may be used; the rows that may not, by table and ID.
 * Always true: a row that was changed, added or restored outside the gateway is not used, and
 * raises an alert in the ledger.
 * Trusts: the site's secret, and the index of the ledger, which `audit verify` compares with the
 * entries themselves.
 */
export { adoptRows, isUnsealed, openRowGuard } from './adopt.js'
export { alertOf, createRowGuard, MISMATCHES } from './guard.js'
export type { Mismatch, RowGuard } from './guard.js'
export { createRowMacs } from './macs.js'
export type { RowMacs } from './macs.js'
export { createSigners } from './signers.js'
export type { Signers } from './signers.js'
export { surveyRows } from './survey.js'
