/**
 * Certificates and keys, as the policy judges them (README, "Certificate policy"), and detached
 * signatures.
 *
 * In: armored certificates and private keys.
 * Out: Recipient, which exists only for a certificate that passed; findings with their reasons;
 * signatures.
 * Always true: a certificate that is expired, revoked, weak or cannot encrypt never becomes a
 * Recipient.
 * Trusts: openpgp for parsing and for signatures.
 */
export { inspectCertificate, problemOfSigner, toRecipient } from './certificate.js'
export { certificateOf, newKey, readPrivateKey, signDetached } from './keys.js'
export type { KeyAlgorithm, PrivateKey } from './keys.js'
export type { Recipient, CertificateReport } from './recipient.js'
export { createTextSigner } from './text-signer.js'
export { verifyDetached } from './verify.js'
export type { VerifyDetached } from './verify.js'
