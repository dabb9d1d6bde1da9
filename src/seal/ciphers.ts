/**
 * The primitives that opening needs, passed in so that the same code runs on Node and in a browser.
 * An implementation may return results directly or as promises. AES keys have 16, 24 or 32 octets.
 */
export interface Ciphers {
  /** HKDF (RFC 5869) with SHA-256. */
  hkdf(
    key: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    length: number,
  ): Uint8Array | Promise<Uint8Array>
  /** AES-GCM under one key. */
  openGcm(key: Uint8Array): OpenGcm | Promise<OpenGcm>
  /**
   * How many chunks `OpenGcm` may process ahead of the one being awaited; absent for
   * implementations that return results directly.
   */
  readonly ahead?: number
  /**
   * AES-CFB decryption from a zero IV, in order. Every piece but the last must consist of whole
   * blocks of 16 octets. The implementation keeps no reference to a piece.
   */
  openCfb(key: Uint8Array): (sealed: Uint8Array) => Uint8Array | Promise<Uint8Array>
  sha1(): {
    update(bytes: Uint8Array): void | Promise<void>
    digest(): Uint8Array | Promise<Uint8Array>
  }
  /**
   * Takes back memory that `openGcm` or `openCfb` returned and nobody uses any more, where that
   * saves time.
   */
  readonly free?: (bytes: Uint8Array) => void
}

/**
 * Opens `sealed`, a ciphertext followed by its 16-octet tag, and does not read it again after
 * returning. When it is not authentic, throws or returns a promise that rejects, and releases
 * nothing.
 */
export type OpenGcm = (
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
) => Uint8Array | Promise<Uint8Array>
