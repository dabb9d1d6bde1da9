/**
 * The room's face for browsers, without any Node module: opening, signing what a person states, and
 * sealing what they write. Studies are sealed only on the gateway.
 *
 * In: a message as a stream, and a private key.
 * Out: its content, under the same guarantees as on Node (`openMessage`); signatures; small signed
 * messages.
 */
export type { Ciphers } from './ciphers.js'
export { toRecipient } from './keys/certificate.js'
export { newKey, readPrivateKey, signDetached } from './keys/keys.js'
export type { PrivateKey } from './keys/keys.js'
export type { Recipient } from './keys/recipient.js'
export { verifyDetached } from './keys/verify.js'
export { openMessage } from './open/open.js'
export { openSignedMessage } from './open/open-signed.js'
export { canProveOpening, proveOpeningWeb } from './proof/web-prove.js'
export { own, webCiphers } from './web-ciphers.js'
export { sealSignedWeb } from './web/seal-signed.js'
