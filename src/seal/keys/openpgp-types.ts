/**
 * Members that openpgp 6 has but its type declarations omit. The certificate tests fail if one
 * disappears.
 */
import type { PartialConfig } from 'openpgp'

declare module 'openpgp' {
  interface Key {
    /**
     * The valid self-signature that holds expiry and preferences: that of the primary user ID (v4)
     * or the direct-key signature (v6).
     */
    getPrimarySelfSignature(
      date?: Date | null,
      userID?: UserID,
      config?: PartialConfig,
    ): Promise<SignaturePacket>
  }
  interface Subkey {
    /** Without a date, any binding counts, expired or not. */
    verify(date?: Date | null, config?: PartialConfig): Promise<SignaturePacket>
    getExpirationTime(date?: Date | null, config?: PartialConfig): Promise<Date | number | null>
  }
  interface SignaturePacket {
    /** Pairs of symmetric and AEAD algorithm IDs (RFC 9580 section 5.2.3.15). */
    preferredCipherSuites: readonly (readonly [number, number])[] | null
  }
}
