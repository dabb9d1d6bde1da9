/**
 * Transfers that an edge seals at its facility; at the edge, handing them over.
 *
 * In: a signed statement, and data packets that nobody here can open.
 * Out: transfers like any other, that name their edge.
 * Always true: nothing is visible before every packet of the statement is durable; only recipients
 * of the group get a key packet.
 * Trusts: the edge, for what is inside its packets.
 */
export type { HandOver, Identity } from './hand-over.js'
export { createSpool } from './spool.js'
export type { EdgeState, LineView, RefusedTransfer, Spool, SpoolView } from './spool.js'
