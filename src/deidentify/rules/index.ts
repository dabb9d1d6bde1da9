/**
 * Profiles: which options of PS3.15 Annex E a facility chose, and the resulting rule for each
 * attribute.
 */
export { BUILT_IN_PROFILES, loadProfile } from './profile.js'
export type { Profile } from './profile.js'
export { conformanceStatement } from './statement.js'
