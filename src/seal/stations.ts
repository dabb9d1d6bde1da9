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
  {
    readonly bytes: AsyncIterable<Buffer>
    readonly digests: () => Digests
    /**
     * Writes the stream to a new file instead of yielding it, from the thread that seals, so that
     * the sealed bytes cross no thread. Undefined where there is no such thread. Use either this or
     * `bytes`.
     *
     * @param partial path of the new file; the thread removes it when this rejects
     * @param path the name to give it, if its folder is known to exist: short content then crosses
     *   to the thread once, which writes and places it, and syncs it and the folder. When that
     *   rejects, it does not have the name.
     * @throws the errors of the content; DiskError, also from the file's methods
     */
    readonly toFile?: (partial: string, path?: string) => Promise<WrittenFile>
  }
>

/** A file that holds a whole stream. */
export interface WrittenFile {
  readonly size: number
  /** Whether it has the name that was asked for, and both are durable: nothing is left to do. */
  readonly isDurable?: boolean
  /** Gives the file its name; fails if the name exists. May be repeated after a failure. */
  place(path: string): Promise<void>
  /** Resolves when the content is durable; the file then has only the name from `place`. */
  sync(): Promise<void>
  /** Releases the file, whatever happened, and all names but that from `place`. Call it last. */
  close(): void
}

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
  /** Whether the key packets come first, which makes a complete message (default false). */
  readonly isMessage?: boolean
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
   * Makes one OpenPGP data packet (without key packets, unless asked) around a literal packet.
   * Several items of one envelope may be sealed at the same time.
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
