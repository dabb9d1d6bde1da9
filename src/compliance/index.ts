/**
 * The room that assesses compliance: what the HIPAA audit protocol asks, what the site shows
 * automatically, what people state, and what is missing.
 *
 * In: facts about the site, register entries, people's statements.
 * Out: assessments with their evidence, and exports of them.
 * Always true: no row is met without evidence; what could not be examined is not met; a statement
 * never overrides a check's result; every entry, statement and assessment is an event.
 * Trusts: the sources it is given. It provides evidence and reminders; it does not make a site
 * compliant.
 */
export type { ProfileName } from './catalogue.js'
export { probeEndpoint } from './collect/endpoint.js'
export { sampleObjects } from './collect/sample.js'
export { readEntry } from './entry-form.js'
export { deadlinesOf } from './incidents.js'
export type { Deadline } from './incidents.js'
export { KIND_RULES } from './kinds.js'
export type { RegisterEntry, RegisterKind } from './kinds.js'
export type { NewAction, NewStatement } from './desk-form.js'
export { createCompliance } from './office.js'
export type { Compliance } from './office.js'
export { isRegisterKind } from './registers.js'
export { compare } from './run.js'
