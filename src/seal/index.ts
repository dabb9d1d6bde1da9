/**
 * The room that encrypts: OpenPGP (RFC 9580) to the recipients of a transfer, and the way back.
 *
 * In:  content as a stream, and certificates that the policy accepts.
 * Out: SealedStream, the only thing the store takes.
 * Always true: one session key an envelope, kept in memory only while the envelope is under way;
 *      one key packet a recipient; nothing opened is released before it is authentic.
 * Trusts: node:crypto and openpgp. Certificates, key packets and signatures are openpgp's; the data
 *         packet is framed here.
 */
export { newEnvelope, sealBytes, sealedMessage, sealMessage } from './envelope.js'
export { nodeCiphers } from './node-ciphers.js'
export { isKeyPacketFor, rewrapKeyPacket } from './rewrap.js'
export type {
  DataFormat,
  KeyPacket,
  Digests,
  SealedStream,
  Sealable,
  SealOptions,
  Envelope,
} from './stations.js'
