import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Frame } from './frames.js'
import type { DataFormat, Digests } from './stations.js'
import { Seipd1 } from './seipd1.js'
import { Seipd2 } from './seipd2.js'

/** Options for making one data packet. Plain data, because they are sent to a worker thread. */
export interface SealerOptions {
  readonly format: DataFormat
  /**
   * Bytes to put in front of the data packet: the key packet, when a complete message is wanted.
   */
  readonly before?: Uint8Array
  /**
   * Set when the frames are packets built from this content, such as a signed message; the digest
   * then covers this content.
   */
  readonly signed?: Uint8Array
  /** Whether to compute both digests, which takes more time than the encryption. */
  readonly isMeasured: boolean
}

/**
 * Makes one data packet frame by frame: `update` takes plaintext, and `take` returns what is ready.
 * Synchronous, so that the same code runs on the caller's thread or on a worker. The constructor
 * reads the session key; it is not needed after that.
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

  /** Overwrites the frame, because it holds plaintext. */
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

  /** Returns what became ready since the last call. The caller owns its memory. */
  take(): Buffer[] {
    const frames = this.#ready.splice(0)
    for (const frame of frames) this.#ciphertext?.update(frame)
    return frames
  }

  /** Call once, after `end` and the last `take`. Undefined when nothing was measured. */
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
