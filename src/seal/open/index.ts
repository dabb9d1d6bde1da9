/**
 * Opens what was sealed. Nothing is released before it is authentic.
 *
 * In: an OpenPGP message as a stream, a private key, and the ciphers as an argument, so that pages
 * run the same code.
 * Out: its content, and for signed messages the signer.
 * Trusts: nothing in the message.
 */
export { openSignedMessage } from './open-signed.js'
export type { SignedContent, Signer } from './open-signed.js'
export { openMessage } from './open.js'
export type { OpenOptions } from './open.js'
export { LastSessionKey } from './session-keys.js'
