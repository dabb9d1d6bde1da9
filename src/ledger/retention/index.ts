/** Legal holds, and pruning what is past its retention. */
export { addHold, readHolds, removeHold } from './holds.js'
export type { HoldScope } from './holds.js'
export { planPruning, proposePruning, prune, retentionMs } from './prune.js'
export type { PruneOptions, PrunePlan } from './prune.js'
