/**
 * Copies of a private key that its owner keeps: locked with a passphrase, or wrapped under a secret
 * of 32 bytes, such as the one that a passkey gives (WebAuthn PRF).
 *
 * In: an unlocked key.
 * Out: what may be stored on a disk or printed.
 * Always true: the secret part leaves this room only encrypted.
 * Trusts: openpgp for the locked copies, WebCrypto for the wrapped ones.
 */
export { lockKey } from './lock.js'
export { unwrapKey, wrapKey } from './wrap.js'
export type { WrappedKey } from './wrap.js'
