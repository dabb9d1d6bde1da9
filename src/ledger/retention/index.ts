/** Legal holds, and pruning of entries past their retention period. */
export { addHold, areTransfersHeld, readHolds, removeHold } from './holds.js'
export type { HoldScope } from './holds.js'
export { planPruning, proposePruning, prune, retentionMs } from './prune.js'
export type { PruneOptions, PrunePlan } from './prune.js'
