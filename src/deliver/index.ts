/**
 * The room that hands over: inbox, claim, release, fetch, acknowledge.
 *
 * In:  who asks (a principal the access room has let through) and a transfer, from the room that
 *      keeps them.
 * Out: sealed bytes as one whole OpenPGP message, and changes of state with their receipts.
 * Always true: a reader gets nothing that was not sealed to a certificate of theirs; exactly one
 *      holds a claim; "download begun" is durable before the first byte goes out.
 * Trusts: the ledger's receipt as proof of that, and the reader's signature for what was opened.
 */
export { createDeliveries } from './deliveries.js'
export type { Deliveries } from './deliveries.js'
export type { DeliverRooms, Reader } from './contract.js'
export type { Download } from './download.js'
