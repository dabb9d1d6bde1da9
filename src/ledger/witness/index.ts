/**
 * Cosignatures across organisations (c2sp.org/tlog-witness): acting as a witness, and asking
 * witnesses as a log.
 */
export { formatPolicy, parsePolicy } from './policy.js'
export { createWitness, newWitnessKey } from './witness.js'
export type { Witness, WitnessMemory } from './witness.js'
export { createWitnessing } from './witnessing.js'
export type { Submit, WitnessConfig, Witnessing } from './witnessing.js'
