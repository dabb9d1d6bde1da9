/**
 * What openpgp 6 has and its type declarations leave out. The tests of certificates fail when it
 * goes.
 */
import type { PartialConfig } from 'openpgp'

declare module 'openpgp' {
  interface Key {
    /**
     * The valid self-signature that carries expiry and preferences: the primary user's (v4), the
     * direct key's (v6).
     */
    getPrimarySelfSignature(
      date?: Date | null,
      userID?: UserID,
      config?: PartialConfig,
    ): Promise<SignaturePacket>
  }
  interface Subkey {
    /** Without a date: whenever its binding was made, and expired or not. */
    verify(date?: Date | null, config?: PartialConfig): Promise<SignaturePacket>
    getExpirationTime(date?: Date | null, config?: PartialConfig): Promise<Date | number | null>
  }
  interface SignaturePacket {
    /** Pairs of symmetric and AEAD algorithm (RFC 9580 section 5.2.3.15). */
    preferredCipherSuites: readonly (readonly [number, number])[] | null
  }
}
