/**
 * The room of critical results: findings that must reach a person at the facility.
 *
 * In:  findings, read-backs, comparisons and phone calls, each signed where it was made, from
 *      callers that the access room has authorized.
 * Out: critical results with their clock and escalation; every change with its event in one
 *      transaction.
 * Always true: a critical result ends only when its words were read back, a reader compared the
 *      read-back, or a reader logged a phone call with read-back; until then it is escalated. No
 *      change of its case ends it.
 * Trusts: the access room for the identity of the caller, the cases room for escalation, and `now`
 *      for the time.
 */
export { createCritical } from './critical.js'
export type { Critical, CriticalNotice, CriticalRules } from './contract.js'
export { chainFor } from './chain.js'
export { commitmentOf, proofOfWords } from './proof.js'
export type { CriticalCounts, CriticalRange } from './rows.js'
export { answerView, criticalView } from './views.js'
