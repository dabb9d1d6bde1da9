import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Frame } from './frames.js'
import type { DataFormat, Digests } from './stations.js'
import { Seipd1 } from './seipd1.js'
import { Seipd2 } from './seipd2.js'

/** How one data packet is made. Plain data: it crosses to a worker thread. */
export interface SealerOptions {
  readonly format: DataFormat
  /** Bytes in front of the data packet: a key packet, when a whole message is wanted. */
  readonly before?: Uint8Array
  /** The frames are packets made from this content, which the digest is over. */
  readonly signed?: Uint8Array
  /** Take both digests, which cost more time than the encryption. */
  readonly isMeasured: boolean
}

/**
 * One data packet, frame by frame: what goes in by `update` comes out by `take`. Synchronous, so
 * that the same code runs beside its caller or in a worker. The session key is used up when the
 * constructor returns.
 */
export class Sealer {
  readonly #ready: Buffer[]
  readonly #data: Seipd1 | Seipd2
  readonly #isSigned: boolean
  readonly #plaintext: Digest | undefined
  readonly #ciphertext: Digest | undefined

  constructor(sessionKey: Uint8Array, { format, before, signed, isMeasured }: SealerOptions) {
    this.#ready = before ? [Buffer.from(before)] : []
    const emit = (bytes: Buffer): void => void this.#ready.push(bytes)
    this.#data = format === 'seipd2' ? new Seipd2(sessionKey, emit) : new Seipd1(sessionKey, emit)
    this.#plaintext = isMeasured ? new Digest() : undefined
    this.#ciphertext = isMeasured ? new Digest() : undefined
    this.#isSigned = signed !== undefined
    if (signed) this.#plaintext?.update(signed)
  }

  /** Overwrites the frame, since it holds plaintext. */
  update({ bytes, contentAt }: Pick<Frame, 'bytes' | 'contentAt'>): void {
    const { pieceBytes } = this.#data
    for (let at = 0, from = contentAt; at < bytes.length; at += pieceBytes, from = 0) {
      const piece = bytes.subarray(at, at + pieceBytes)
      if (!this.#isSigned) this.#plaintext?.update(piece.subarray(from))
      this.#data.update(piece)
      piece.fill(0)
    }
  }

  end(): void {
    this.#data.end()
  }

  /** What has become ready since the last call. Its memory is the caller's. */
  take(): Buffer[] {
    const frames = this.#ready.splice(0)
    for (const frame of frames) this.#ciphertext?.update(frame)
    return frames
  }

  /** Once, after `end` and the last `take`; undefined when nothing was measured. */
  digests(): Digests | undefined {
    if (!this.#plaintext || !this.#ciphertext) return undefined
    return { plaintext: this.#plaintext.end(), ciphertext: this.#ciphertext.end() }
  }

  /** Overwrites the key. */
  forget(): void {
    this.#data.forget()
  }
}

class Digest {
  readonly #hash: Hash = createHash('sha256')
  #size = 0

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#size += bytes.length
  }

  end(): { readonly sha256: string; readonly size: number } {
    return { sha256: this.#hash.digest('hex'), size: this.#size }
  }
}
