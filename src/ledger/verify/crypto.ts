/** One that hashes at once: Node's. A browser's own hashes later. */
export interface SyncLedgerCrypto extends LedgerCrypto {
  sha256(bytes: Uint8Array): Uint8Array
}

/** What a verifier needs from its platform: Node's `nodeCrypto`, or WebCrypto in a browser. */
export interface LedgerCrypto {
  sha256(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Ed25519 (RFC 8032): 32 bytes of key, 64 of signature. False for a key that is no point. */
  verifyEd25519(
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean | Promise<boolean>
}
