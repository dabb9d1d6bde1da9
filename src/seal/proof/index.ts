/**
 * The proof that somebody can open an envelope, without opening it for anybody.
 *
 * In:  a sealed message, a private key that opens it, and a text.
 * Out: a signature that only a holder of the session key can make; and whether one is that.
 * Always true: the session key does not leave this folder; the public half tells nothing of it.
 * Trusts: node:crypto for HKDF and Ed25519.
 */
export { isProof } from './key.js'
export { proveOpening } from './prove.js'
