/** Types for certificates that the policy has judged. */
import type { Station } from '../../lib/station.js'
import type { PolicyOptions } from './policy.js'

/** A certificate that has passed the policy today. */
export type Recipient = Station<
  'recipient',
  {
    /** Principal ID, or `recovery`. */
    readonly id: string
    /** Lower-case hexadecimal. */
    readonly fingerprint: string
    /** Armored certificate. */
    readonly certificate: string
    /**
     * Whether it announces SEIPD version 2 with AES-256 in GCM (RFC 9580 sections 5.2.3.32 and
     * 5.2.3.15).
     */
    readonly takesSeipd2: boolean
    /**
     * The policy options that it passed under, applied again whenever something is sealed to it.
     */
    readonly policy: PolicyOptions
  }
>

export interface CertificateReport {
  /**
   * Lower-case hexadecimal; empty when the file could not be read, and then the other fields are
   * empty too.
   */
  readonly fingerprint: string
  readonly version: 4 | 6 | undefined
  readonly userIds: readonly string[]
  readonly createdAt: Date | undefined
  readonly expiresAt: Date | undefined
  readonly keys: readonly {
    readonly fingerprint: string
    /** Such as RSA, Ed25519, X25519, ECDSA or ECDH. */
    readonly algorithm: string
    readonly bits: number | undefined
    readonly curve: string | undefined
    /** Empty when the key is expired or revoked. */
    readonly uses: readonly ('certify' | 'sign' | 'encrypt')[]
    readonly expiresAt: Date | undefined
  }[]
  /**
   * When sealing to it stops working: the expiry of the certificate, or of its last encryption
   * subkey if that is earlier.
   */
  readonly usableUntil: Date | undefined
  /** When it can no longer sign: the same rule, for signing keys. */
  readonly signsUntil: Date | undefined
  /** Whether it announces SEIPD version 2 with AES-256 in GCM. */
  readonly takesSeipd2: boolean
  /** Empty when the policy accepts the certificate; otherwise the reasons it does not. */
  readonly problems: readonly CertificateFinding[]
}

export interface CertificateFinding {
  readonly code: CertificateProblem
  readonly reason: string
  /**
   * Whether a good certificate can reach this state later, by time passing or by its owner's
   * action; then it may have been accepted earlier.
   */
  readonly isPassing: boolean
}

export type CertificateProblem =
  | 'certificate_unreadable'
  | 'certificate_unsupported'
  | 'certificate_no_user_id'
  | 'certificate_several'
  | 'certificate_is_secret'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'certificate_revoked'
  | 'certificate_weak'
  | 'certificate_cannot_encrypt'
  | 'certificate_cannot_sign'
