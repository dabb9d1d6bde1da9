/**
 * The room that restores identity, on the facility's machine.
 *
 * In: a pseudonymized instance, and the facility's crosswalk entries for it.
 * Out: the same instance with the original patient, UIDs and dates.
 * Always true: what does not change is copied byte for byte.
 * Trusts: the crosswalk, which only the facility can open. Not the file.
 */
export { readPseudonyms, reidentify } from './reidentify.js'
export type { Pseudonyms } from './reidentify.js'
export type { FormerElement, FormerIdentity } from './former.js'
