/**
 * The room that keeps transfers: what arrived, the outcome of each item, and what is held for the
 * facility.
 *
 * In: the sender and recipients of an upload, items as the receive room yields them, and a function
 * that clears and stores an item.
 * Out: transfers that readers may fetch, their manifests, and the event of every change.
 * Always true: nothing of a request is visible before the single transaction that makes all of it
 * visible, and what a crash before that leaves behind is removed; no other room reads or writes
 * this room's tables.
 * Trusts: the ledger's receipts, and the store's confirmation that an item is durable. The
 * plaintext of originals exists only in memory.
 */
export { LEASE_MS } from './lease.js'
export { createTransfers } from './transfers.js'
export { drawItems, drawSealed } from './drawn.js'
export type { Transfers } from './transfers.js'
export type { Transfer } from './find.js'
export type { TransferView } from './views.js'
export type { UploadTarget } from './begin.js'
export type { ItemAnswer, UploadAnswer } from './upload/answers.js'
export type { KeyPacketRow } from './stored/key-packets.js'
export { MemoryBudget } from './upload/original.js'
export type { Deposit, InstanceReference } from './arrival/deposits.js'
export type { Clear } from './upload/settle.js'
