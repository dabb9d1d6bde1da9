/**
 * Sharing what one can open, in browsers: key packets sealed again to somebody else, and the proof
 * that goes with them.
 *
 * In: one's own key packets and private key, and the certificate of the other.
 * Out: packets for the other, and a signature that only a holder of the session key can make.
 * Always true: session keys are overwritten, and no data is needed.
 * Trusts: openpgp for the packets, WebCrypto for the signature.
 */
export { proveKeyPacketWeb } from '../proof/web-prove.js'
export { rewrapKeyPacket } from '../rewrap.js'
