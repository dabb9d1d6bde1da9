/** Sealed bytes, and what makes them. */
import type { Station } from '../lib/station.js'
import type { PrivateKey } from './keys/keys.js'

export type DataFormat = 'seipd1' | 'seipd2'

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
 * Sealed bytes under way. Iterate once; `digests()` is known after the end, and of a whole message
 * never. Each piece has memory of its own, which is the reader's to keep or to give back.
 */
export type SealedStream = Station<
  'sealed',
  { readonly bytes: AsyncIterable<Buffer>; readonly digests: () => Digests }
>

/**
 * Content that another room has cleared for sealing: a de-identified instance, a document, a
 * manifest, or an original for quarantine.
 */
export type Sealable = AsyncIterable<Uint8Array>

export interface SealOptions {
  /**
   * Take the digests that a manifest names: the default. They cost more time than the encryption.
   */
  readonly isMeasured?: boolean
}

export interface Envelope {
  readonly format: DataFormat
  readonly keyPackets: readonly KeyPacket[]
  /**
   * Public half of the key that whoever can open it can sign with (proof/key.ts): Ed25519,
   * hexadecimal.
   */
  readonly proofKey: string
  /**
   * One OpenPGP data packet (without key packets) around a literal packet. Items of one envelope
   * may be sealed at the same time.
   */
  seal(content: Sealable, options?: SealOptions): SealedStream
  /**
   * The same around a signed message (one-pass signature, literal, signature): `gpg --decrypt`
   * verifies it too. For the manifest.
   */
  sealSigned(content: Uint8Array, signer: PrivateKey, now?: Date): Promise<SealedStream>
  /** Forgets the session key. */
  close(): void
}
