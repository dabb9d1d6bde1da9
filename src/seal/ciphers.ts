/**
 * The primitives that opening needs, so that the same code runs on Node and in a browser. An implementation may
 * answer at once or later. AES keys have 16, 24 or 32 octets.
 */
export interface Ciphers {
  /** HKDF (RFC 5869) with SHA-256. */
  hkdf(
    key: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    length: number,
  ): Uint8Array | Promise<Uint8Array>
  /** AES-GCM over `sealed`, the ciphertext and its 16-octet tag; throws, and gives nothing, when it is not authentic. */
  openGcm(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | Promise<Uint8Array>
  /** AES-CFB decryption from a zero IV, in order. Every piece but the last has whole blocks of 16 octets; none is kept. */
  openCfb(key: Uint8Array): (sealed: Uint8Array) => Uint8Array | Promise<Uint8Array>
  sha1(): {
    update(bytes: Uint8Array): void | Promise<void>
    digest(): Uint8Array | Promise<Uint8Array>
  }
  /** Takes back the memory of what `openGcm` or `openCfb` gave, where that saves time. Nobody looks at it any more. */
  readonly free?: (bytes: Uint8Array) => void
}
