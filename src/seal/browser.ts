/**
 * The room's face for browsers: opening only, without any Node module. Sealing happens only on the
 * gateway.
 *
 * In: a message as a stream, and a private key.
 * Out: its content, under the same guarantees as on Node (`openMessage`).
 */
export type { Ciphers } from './ciphers.js'
export { readPrivateKey } from './keys/keys.js'
export type { PrivateKey } from './keys/keys.js'
export { openMessage } from './open/open.js'
export type { OpenOptions } from './open/open.js'
export { openSignedMessage } from './open/open-signed.js'
export { own, webCiphers } from './web-ciphers.js'
