/** The parts of this room that run in a browser. Nothing here, or imported from here, uses Node. */
export { KIND_RULES, REGISTER_KINDS } from './kinds.js'
export type { Field, RegisterKind } from './kinds.js'
