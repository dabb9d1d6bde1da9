/**
 * The room that delivers: inbox, fetch, acknowledge, and recipients added or removed later.
 *
 * In: a reader whom the access room has authorized, and a transfer from the room that keeps them.
 * Out: sealed bytes as one complete OpenPGP message, and state changes with their receipts.
 * Always true: a reader receives nothing that was not sealed to one of their certificates;
 * "download begun" is durable before the first byte is sent.
 * Trusts: the ledger's receipt as proof of that, and the reader's signature on what was opened.
 */
export { createDeliveries } from './deliveries.js'
export type { Deliveries } from './deliveries.js'
export type { DeliverRooms, Reader } from './contract.js'
export type { Download } from './download.js'
