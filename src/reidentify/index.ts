/**
 * The room that puts identity back, on the facility's machine.
 *
 * In:  an instance under pseudonyms, and what the facility's crosswalk says of them.
 * Out: the same instance with the original patient, UIDs and dates.
 * Always true: what is kept is copied byte for byte.
 * Trusts: the crosswalk, which the facility alone can open. Not the file.
 */
export { readPseudonyms, reidentify } from './reidentify.js'
export type { Pseudonyms } from './reidentify.js'
export type { FormerElement, FormerIdentity } from './former.js'
