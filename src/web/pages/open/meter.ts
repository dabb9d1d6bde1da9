import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Content } from '../../../protocol/words.js'

/**
 * SHA-256 and size of data that passes through: WebCrypto can only hash data that is in memory as a
 * whole.
 */
export class Meter {
  readonly #hash = sha256.create()
  #skip: number
  #size = 0

  /** The first `skip` octets are not counted. */
  constructor(skip = 0) {
    this.#skip = skip
  }

  update(bytes: Uint8Array): void {
    const counted = bytes.subarray(Math.min(this.#skip, bytes.length))
    this.#skip -= bytes.length - counted.length
    this.#hash.update(counted)
    this.#size += counted.length
  }

  /** To be called once, at the end. */
  is({ sha256: expected, size }: Content): boolean {
    return this.#size === size && bytesToHex(this.#hash.digest()) === expected
  }
}
