/**
 * The room of cases: what one reader reads and reports as one job, with one clock and one claim.
 *
 * In:  transfers as they become visible, and requests that the access room has authorized.
 * Out: cases with their codes, claims, targets and escalations; every change with its events in one
 *      transaction.
 * Always true: a transfer belongs to one case; at most one reader holds a case, has proved to be
 *      able to open it, and holds it for a limited time; an unread case is escalated until a reader
 *      reacts.
 * Trusts: the access room for the identity of the caller, the ledger's lock for the order of
 *      changes, and `now` for the time.
 */
export { createCases } from './cases.js'
export type { Cases } from './cases.js'
export type { ClockTarget } from './clock.js'
export type { EscalationStep } from './escalate.js'
export type { Asker, CaseNotice, GroupRules } from './parts.js'
export { createProofs } from './proof.js'
export type { Openable, Proofs } from './proof.js'
export type { ArrivedReport } from './report.js'
export type { CaseAnswer } from './recorded.js'
export type { CaseView } from './views.js'
