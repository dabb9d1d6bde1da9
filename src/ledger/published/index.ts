/**
 * The log as files that anyone may read (c2sp.org/tlog-tiles), and restoring the database from
 * them.
 *
 * Always true: the published log is compared with the database before anything new is recorded.
 * Trusts: the ledger's key.
 */
export { findAltered } from './altered.js'
export { checkAnchor, expectAnchor } from './anchor.js'
export { forgetHolders, publishAnew } from './cursor.js'
export { createPublisher } from './publish.js'
export type { Publisher } from './publish.js'
export { restoreLedger } from './restore.js'
export type { RestoreReport } from './restore.js'
export { newLedgerKey, verifierKeyOf } from './signer.js'
