/**
 * The room that keeps which prior studies a case has been asked for, and chooses the relevant ones.
 *
 * In:  what a facility's PACS says it has of a patient; what became of each query.
 * Out: the studies to retrieve, the state of every query, and the event of every change.
 * Always true: nothing that identifies a patient is written, only keyed handles of studies; a query
 *      that nobody works on any more is recorded as lost.
 * Trusts: nothing. A study of another patient is never chosen, whatever the PACS answers.
 */
export { patientIn, prepareQuery, priorRoute } from './arriving.js'
export type { PriorStudies } from './arriving.js'
export { chosenPriors, datedPriors } from './rule.js'
export type { FoundStudy, NewStudy, PriorRule } from './rule.js'
export { regionsIn } from './regions.js'
export { LEASE_MS, createPriors } from './queries.js'
export type { PriorParts, Priors, PriorView } from './queries.js'
