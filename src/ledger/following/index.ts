/**
 * Following the log as it grows, for those who want to know that something changed.
 *
 * In: a position in the log.
 * Out: type, facility and group of the entries since, and nothing else of them.
 * Always true: nothing that an entry says about a patient or a person is read.
 * Trusts: the index over the entries.
 */
export { changesSince } from './changes.js'
export type { Change, Changes } from './changes.js'
