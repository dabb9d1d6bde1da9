import { createHash } from 'node:crypto'

export interface Measured {
  readonly sha256: string
  readonly size: number
}

export const isSame = (a: Measured, b: Measured): boolean =>
  a.sha256 === b.sha256 && a.size === b.size

const DICOM_HEAD_BYTES = 132

/** Records SHA-256, size and beginning of content that passes through. */
export class ContentMeter {
  readonly #hash = createHash('sha256')
  #size = 0
  #head = Buffer.alloc(0)

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    this.#size += chunk.length
    if (this.#head.length < DICOM_HEAD_BYTES)
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, DICOM_HEAD_BYTES)])
  }

  /** True if it begins as PS3.10 section 7.1 requires: a preamble of 128 octets, then DICM. */
  get isDicom(): boolean {
    return this.#head.toString('latin1', DICOM_HEAD_BYTES - 4, DICOM_HEAD_BYTES) === 'DICM'
  }

  async *watch(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.update(chunk)
      yield chunk
    }
  }

  digest(): Measured {
    return { sha256: this.#hash.digest('hex'), size: this.#size }
  }
}
