/**
 * Data packets that an edge sealed, on their way to the store.
 *
 * In: octets from a connection, and what a signed statement says about them.
 * Out: SealedStream, which ends only if the octets are those of the statement.
 * Always true: what does not begin as an encrypted data packet is never stored.
 * Trusts: nothing of the octets.
 */
export { receivedPacket } from './packet.js'
