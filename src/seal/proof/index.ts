/**
 * Proves that somebody can open an envelope, without opening it for anyone else.
 *
 * In: a sealed message, a private key that opens it, and a text.
 * Out: a signature that only a holder of the session key can make, and a check for such signatures.
 * Always true: the session key does not leave this folder, and the public half reveals nothing
 * about it.
 * Trusts: node:crypto for HKDF and Ed25519.
 */
export { isProof } from './key.js'
export { proveKeyPacket } from './prove-packet.js'
export { proveOpening } from './prove.js'
