/** Types for sealed bytes and for the envelope that makes them. */
import type { Station } from '../lib/station.js'
import type { PrivateKey } from './keys/keys.js'

export type DataFormat = 'seipd1' | 'seipd2'

export interface KeyPacket {
  readonly recipient: string
  readonly fingerprint: string
  readonly packet: Buffer
}

export interface Digests {
  /** SHA-256 (hexadecimal) and size in bytes of the plaintext. */
  readonly plaintext: { readonly sha256: string; readonly size: number }
  /** SHA-256 (hexadecimal) and size in bytes of the resulting data packet. */
  readonly ciphertext: { readonly sha256: string; readonly size: number }
}

/**
 * A stream of sealed bytes. Iterate it once; `digests()` is available after the end, and never for
 * a complete message. Each piece has its own memory, which the reader may keep or give back.
 */
export type SealedStream = Station<
  'sealed',
  { readonly bytes: AsyncIterable<Buffer>; readonly digests: () => Digests }
>

/**
 * Content that another room has cleared for sealing: a de-identified instance, a document, a
 * manifest, or an original on its way to quarantine.
 */
export type Sealable = AsyncIterable<Uint8Array>

export interface SealOptions {
  /**
   * Whether to compute the digests that a manifest states (default true). They take more time than
   * the encryption.
   */
  readonly isMeasured?: boolean
}

export interface Envelope {
  readonly format: DataFormat
  readonly keyPackets: readonly KeyPacket[]
  /**
   * Public half of the proof key, which anyone who can open the envelope can sign with
   * (proof/key.ts): Ed25519, hexadecimal.
   */
  readonly proofKey: string
  /**
   * Makes one OpenPGP data packet (without key packets) around a literal packet. Several items of
   * one envelope may be sealed at the same time.
   */
  seal(content: Sealable, options?: SealOptions): SealedStream
  /**
   * Makes the same packet around a signed message (one-pass signature, literal, signature), which
   * `gpg --decrypt` also verifies. Used for the manifest.
   */
  sealSigned(content: Uint8Array, signer: PrivateKey, now: Date): Promise<SealedStream>
  /** Overwrites the session key. */
  close(): void
}
