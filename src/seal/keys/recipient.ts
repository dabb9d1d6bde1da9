/** Certificates as the policy sees them. */
import type { Station } from '../../lib/station.js'
import type { PolicyOptions } from './policy.js'

/** A certificate that has passed the policy today. */
export type Recipient = Station<
  'recipient',
  {
    /** Principal id, or `recovery`. */
    readonly id: string
    /** Lower-case hexadecimal. */
    readonly fingerprint: string
    /** Armored certificate. */
    readonly certificate: string
    /**
     * It announces SEIPD version 2 and AES-256 with GCM (RFC 9580 sections 5.2.3.32 and 5.2.3.15).
     */
    readonly takesSeipd2: boolean
    /** What it was judged by, and is again whenever something is sealed to it. */
    readonly policy: PolicyOptions
  }
>

export interface CertificateReport {
  /** Lower-case hexadecimal; empty when the file could not be read, and then so is the rest. */
  readonly fingerprint: string
  readonly version: 4 | 6 | undefined
  readonly userIds: readonly string[]
  readonly createdAt: Date | undefined
  readonly expiresAt: Date | undefined
  readonly keys: readonly {
    readonly fingerprint: string
    /** RSA, Ed25519, X25519, ECDSA, ECDH, ... */
    readonly algorithm: string
    readonly bits: number | undefined
    readonly curve: string | undefined
    /** Empty when it is expired or revoked. */
    readonly uses: readonly ('certify' | 'sign' | 'encrypt')[]
    readonly expiresAt: Date | undefined
  }[]
  /**
   * Until when something can be sealed to it: the end of the certificate or of its last encryption
   * subkey.
   */
  readonly usableUntil: Date | undefined
  /** The same of signing with it. */
  readonly signsUntil: Date | undefined
  /** Algorithms and features it announces for messages to it. */
  readonly takesSeipd2: boolean
  /** Empty when the policy accepts it; else the codes and why. */
  readonly problems: readonly CertificateFinding[]
}

export interface CertificateFinding {
  readonly code: CertificateProblem
  readonly reason: string
  /**
   * A certificate comes to this in time, or by its owner: one that was accepted before can have it
   * now.
   */
  readonly isPassing: boolean
}

export type CertificateProblem =
  | 'certificate_unreadable'
  | 'certificate_is_secret'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'certificate_revoked'
  | 'certificate_weak'
  | 'certificate_cannot_encrypt'
  | 'certificate_cannot_sign'
