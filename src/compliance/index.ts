/**
 * The room that assesses: what the HIPAA audit protocol asks, what the site shows by itself, what
 * people state, and what is missing.
 *
 * In:  facts of the site, entries of registers, statements of people.
 * Out: assessments with their evidence, and exports of them.
 * Always true: no row is met without evidence; what could not be looked at is not met; a statement
 *      never outweighs what a check has seen; every entry, statement and assessment is an event.
 * Trusts: the sources that it is given. It evidences and reminds; it makes nobody compliant.
 */
export type { ProfileName } from './catalogue.js'
export { probeEndpoint } from './collect/endpoint.js'
export { sampleObjects } from './collect/sample.js'
export { SAYINGS } from './desk-form.js'
export { readEntry } from './entry-form.js'
export { KIND_RULES } from './kinds.js'
export type { RegisterKind } from './kinds.js'
export type { NewAction, NewStatement } from './desk-form.js'
export { createCompliance } from './office.js'
export type { Compliance } from './office.js'
export { isRegisterKind } from './registers.js'
export { compare } from './run.js'
