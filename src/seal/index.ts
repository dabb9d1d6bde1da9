/**
 * The room that encrypts: seals content with OpenPGP (RFC 9580) to the recipients of a transfer,
 * and opens it again.
 *
 * In: content as a stream, and certificates that the policy accepts.
 * Out: SealedStream, the only thing that the store accepts.
 * Always true: there is one session key per envelope, kept in memory only while the envelope is
 * being sealed, and one key packet per recipient; nothing opened is released before it is
 * authentic.
 * Trusts: node:crypto and openpgp. Certificates, key packets and signatures are handled by openpgp;
 * the data packet is framed here.
 */
export { newEnvelope, sealBytes, sealedMessage, sealMessage } from './envelope.js'
export { nodeCiphers } from './node-ciphers.js'
export { isKeyPacketFor, rewrapKeyPacket } from './rewrap.js'
export { isSealedTo } from './sealed-to.js'
export type {
  DataFormat,
  KeyPacket,
  Digests,
  SealedStream,
  Sealable,
  SealOptions,
  Envelope,
} from './stations.js'
