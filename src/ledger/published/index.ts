/**
 * The log as files that anybody may read (c2sp.org/tlog-tiles), and the way back from them.
 *
 * Always true: what was published is compared with the database before anything new is recorded.
 * Trusts: the ledger's key.
 */
export { findAltered } from './altered.js'
export { checkAnchor, expectAnchor } from './anchor.js'
export { forgetHolders } from './cursor.js'
export { createPublisher } from './publish.js'
export type { Publisher } from './publish.js'
export { restoreLedger } from './restore.js'
export type { RestoreReport } from './restore.js'
export { newLedgerKey, verifierKeyOf } from './signer.js'
