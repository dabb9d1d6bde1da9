/**
 * The room that keeps transfers: what came in, what became of each item, what is held for the
 * facility.
 *
 * In:  who sends to whom, items as the receive room yields them, and a function that clears and
 *      stores one.
 * Out: transfers that readers may fetch, their manifests, and the event of every change.
 * Always true: nothing of a request is visible before the one transaction that makes all of it
 *      visible, and what a crash leaves before that is removed; nobody else reads or writes the
 *      tables of this room.
 * Trusts: the ledger's receipts and the store's word that an item is durable. Originals pass
 *         through memory alone.
 */
export { LEASE_MS } from './lease.js'
export { createTransfers } from './transfers.js'
export { drawItems, drawSealed } from './drawn.js'
export type { Transfers } from './transfers.js'
export type { Transfer } from './find.js'
export type { TransferView } from './views.js'
export type { UploadTarget } from './begin.js'
export type { ItemAnswer, UploadAnswer } from './commit.js'
export type { KeyPacketRow } from './packets.js'
export { MemoryBudget } from './upload/original.js'
export type { Deposit, InstanceReference } from './arrival/deposits.js'
export type { Clear } from './upload/settle.js'
