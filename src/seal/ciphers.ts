/**
 * The primitives that opening needs, so that the same code runs on Node and in a browser. An
 * implementation may answer at once or later. AES keys have 16, 24 or 32 octets.
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
   * Chunks that `OpenGcm` may work on while the one before them is looked at; none where it answers
   * at once.
   */
  readonly ahead?: number
  /**
   * AES-CFB decryption from a zero IV, in order. Every piece but the last has whole blocks of 16
   * octets; none is kept.
   */
  openCfb(key: Uint8Array): (sealed: Uint8Array) => Uint8Array | Promise<Uint8Array>
  sha1(): {
    update(bytes: Uint8Array): void | Promise<void>
    digest(): Uint8Array | Promise<Uint8Array>
  }
  /**
   * Takes back the memory of what `openGcm` or `openCfb` gave, where that saves time. Nobody looks
   * at it any more.
   */
  readonly free?: (bytes: Uint8Array) => void
}

/**
 * Opens `sealed`, a ciphertext and its tag of 16 octets, which it looks at no more when it has
 * returned. Throws, or answers a promise that fails, and gives nothing, when it is not authentic.
 */
export type OpenGcm = (
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
) => Uint8Array | Promise<Uint8Array>
