/**
 * Tells a site whose data is gone from a fresh one.
 *
 * In: the site's folder, and the size of its ledger.
 * Out: a refusal to begin another ledger.
 * Always true: an empty ledger never replaces one that has begun, unless the operator says so.
 */
export { createBeginning } from './beginning.js'
