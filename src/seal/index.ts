/**
 * The room that encrypts: OpenPGP (RFC 9580) to the recipients of a transfer, and the way back.
 *
 * In:  content as a stream, and certificates that the policy accepts.
 * Out: SealedStream, the only thing the store takes.
 * Always true: one session key an envelope, kept in memory only while the envelope is under way; one key packet
 *      a recipient; nothing opened is released before it is authentic.
 * Trusts: node:crypto and openpgp. Certificates, key packets and signatures are openpgp's; the data packet is framed here.
 */
import type { Station } from '../lib/station.js'
import type { PrivateKey } from './keys.js'
import type { PolicyOptions } from './policy.js'

export type DataFormat = 'seipd1' | 'seipd2'

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
    /** It announces SEIPD version 2 and AES-256 with GCM (RFC 9580 sections 5.2.3.32 and 5.2.3.15). */
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
  /** Until when something can be sealed to it: the end of the certificate or of its last encryption subkey. */
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
  /** A certificate comes to this in time, or by its owner: one that was accepted before can have it now. */
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

export interface KeyPacket {
  readonly recipient: string
  readonly fingerprint: string
  readonly packet: Buffer
}

export interface Digests {
  /** SHA-256, hexadecimal, and size in bytes, of what went in. */
  readonly plaintext: { readonly sha256: string; readonly size: number }
  /** The same of the data packet that came out. */
  readonly ciphertext: { readonly sha256: string; readonly size: number }
}

/**
 * Sealed bytes under way. Iterate once; `digests()` is known after the end, and of a whole message never. Each piece has
 * memory of its own, which is the reader's to keep or to give back.
 */
export type SealedStream = Station<
  'sealed',
  { readonly bytes: AsyncIterable<Buffer>; readonly digests: () => Digests }
>

/** Content that another room has cleared for sealing: a de-identified instance, a document, a manifest, or an original for quarantine. */
export type Sealable = AsyncIterable<Uint8Array>

export interface SealOptions {
  /** Take the digests that a manifest names: the default. They cost more time than the encryption. */
  readonly isMeasured?: boolean
}

export interface Envelope {
  readonly format: DataFormat
  readonly keyPackets: readonly KeyPacket[]
  /** One OpenPGP data packet (without key packets) around a literal packet. Items of one envelope may be sealed at the same time. */
  seal(content: Sealable, options?: SealOptions): SealedStream
  /** The same around a signed message (one-pass signature, literal, signature): `gpg --decrypt` verifies it too. For the manifest. */
  sealSigned(content: Uint8Array, signer: PrivateKey, now?: Date): Promise<SealedStream>
  /** Forgets the session key. */
  close(): void
}

export { inspectCertificate, problemOfSigner, toRecipient } from './certificate.js'
export type { Ciphers } from './ciphers.js'
export { newEnvelope, sealBytes, sealMessage, sealedMessage } from './envelope.js'
export { KEY_ALGORITHMS, newKey, readPrivateKey, signDetached } from './keys.js'
export type { KeyAlgorithm, NewKeyOptions, PrivateKey } from './keys.js'
export { nodeCiphers } from './node-ciphers.js'
export { openMessage } from './open.js'
export type { OpenOptions } from './open.js'
export { openSignedMessage } from './open-signed.js'
export type { SignedContent, Signer } from './open-signed.js'
export type { PolicyOptions } from './policy.js'
export { isKeyPacketFor, rewrapKeyPacket } from './rewrap.js'
export { verifyDetached } from './verify.js'
export { setSealingThreads } from './workers.js'
