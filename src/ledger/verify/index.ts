/**
 * Verifies entries, exports, receipts and published logs without the gateway. Pages import
 * `../browser.js` instead.
 *
 * Trusts: the ledger's public key, and the witnesses' keys if a policy names them.
 */
export { openCheckpoint } from './checkpoint.js'
export { verifyConsistency } from './inclusion.js'
export { readLines } from './lines.js'
export { nodeCrypto } from './node-crypto.js'
export { verifyPackage } from './verify-package.js'
export type { PackageReport } from './verify-package.js'
export { verifyPublished } from './verify-published.js'
export type { PublishedLog } from './verify-published.js'
export { verifyExport, verifyReceipt, verifyReceiptUnder } from './verify.js'
export type { ReceiptReport } from './verify.js'
