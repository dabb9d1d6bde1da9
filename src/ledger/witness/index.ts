/**
 * Cosignatures of other organisations (c2sp.org/tlog-witness): as the witness, and as the log that
 * asks for them.
 */
export { formatPolicy, parsePolicy } from './policy.js'
export { createWitness, newWitnessKey } from './witness.js'
export type { Witness, WitnessMemory } from './witness.js'
export { createWitnessing } from './witnessing.js'
export type { Submit, WitnessConfig, Witnessing } from './witnessing.js'
