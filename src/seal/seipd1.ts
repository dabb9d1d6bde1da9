import { createHash, randomBytes } from 'node:crypto'
import { CfbEncryption } from './cfb.js'
import { PacketWriter } from './packet-writer.js'
import { TAG } from './packets.js'

const BLOCK = 16

/**
 * A Symmetrically Encrypted and Integrity Protected Data packet, version 1, with AES-256 (RFC 9580
 * section 5.13.1): CFB from a zero IV over a random block whose last two octets are repeated, then
 * the content, then a SHA-1 digest of both. SHA-1 is what the standard requires here; it is safe
 * because no outsider can choose a prefix of the hashed data.
 */
export class Seipd1 {
  /**
   * Data is hashed, encrypted and copied in pieces of this size, so that input and output stay in
   * the CPU cache.
   */
  readonly pieceBytes = 2 ** 16
  readonly #packet: PacketWriter
  readonly #cipher: CfbEncryption
  readonly #mdc = createHash('sha1')

  /** The receiver of the emitted bytes owns their memory. */
  constructor(sessionKey: Uint8Array, emit: (bytes: Buffer) => void) {
    this.#packet = new PacketWriter(TAG.protected, emit)
    this.#cipher = new CfbEncryption(sessionKey)
    this.#packet.write(Buffer.of(1))
    const random = randomBytes(BLOCK)
    this.update(Buffer.concat([random, random.subarray(BLOCK - 2)]))
  }

  /** Takes at most `pieceBytes` octets. */
  update(bytes: Uint8Array): void {
    this.#mdc.update(bytes)
    this.#packet.write(this.#cipher.update(bytes))
  }

  /**
   * Appends the modification detection code: a packet of tag 19 with 20 octets, whose header is
   * part of the hashed data.
   */
  end(): void {
    const header = Buffer.of(0xd3, 20)
    const mdc = this.#mdc.update(header).digest()
    this.#packet.write(this.#cipher.update(Buffer.concat([header, mdc])))
    this.#packet.end()
  }

  /** Only the cipher still holds the key. */
  forget(): void {
    this.#cipher.forget()
  }
}
