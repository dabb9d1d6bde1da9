/** Node's implementation, which hashes synchronously. A browser's hashes asynchronously. */
export interface SyncLedgerCrypto extends LedgerCrypto {
  sha256(bytes: Uint8Array): Uint8Array
}

/**
 * The cryptography that a verifier needs from its platform: `nodeCrypto` on Node, or WebCrypto in a
 * browser.
 */
export interface LedgerCrypto {
  sha256(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /**
   * Ed25519 (RFC 8032): 32-byte key, 64-byte signature. False when the key is not a valid point.
   */
  verifyEd25519(
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean | Promise<boolean>
}
