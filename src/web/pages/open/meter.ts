import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Content } from '../../../protocol/words.js'

/** SHA-256 and size of what passes: WebCrypto digests only what is in memory as a whole. */
export class Meter {
  readonly #hash = sha256.create()
  #skip: number
  #size = 0

  /** `skip` octets at the beginning do not count. */
  constructor(skip = 0) {
    this.#skip = skip
  }

  update(bytes: Uint8Array): void {
    const counted = bytes.subarray(Math.min(this.#skip, bytes.length))
    this.#skip -= bytes.length - counted.length
    this.#hash.update(counted)
    this.#size += counted.length
  }

  /** Once, at the end. */
  is({ sha256: expected, size }: Content): boolean {
    return this.#size === size && bytesToHex(this.#hash.digest()) === expected
  }
}
