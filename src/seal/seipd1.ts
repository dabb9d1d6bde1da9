import { createHash, randomBytes } from 'node:crypto'
import { CfbEncryption } from './cfb.js'
import { PacketWriter } from './packet-writer.js'
import { TAG } from './packets.js'

const BLOCK = 16

/**
 * A Symmetrically Encrypted and Integrity Protected Data packet, version 1, with AES-256 (RFC 9580
 * section 5.13.1): CFB from a zero IV over a random block whose last two octets are repeated, the
 * content, and a SHA-1 of both at the end. SHA-1 serves here as the standard has it, over data that
 * nobody outside chose a prefix of.
 */
export class Seipd1 {
  /** Hashed, encrypted and copied at a time, while it and what it becomes are in the cache. */
  readonly pieceBytes = 2 ** 16
  readonly #packet: PacketWriter
  readonly #cipher: CfbEncryption
  readonly #mdc = createHash('sha1')

  /** What is emitted belongs to who gets it. */
  constructor(sessionKey: Uint8Array, emit: (bytes: Buffer) => void) {
    this.#packet = new PacketWriter(TAG.protected, emit)
    this.#cipher = new CfbEncryption(sessionKey)
    this.#packet.write(Buffer.of(1))
    const random = randomBytes(BLOCK)
    this.update(Buffer.concat([random, random.subarray(BLOCK - 2)]))
  }

  /** At most `pieceBytes`. */
  update(bytes: Uint8Array): void {
    this.#mdc.update(bytes)
    this.#packet.write(this.#cipher.update(bytes))
  }

  /**
   * The modification detection code: a packet of tag 19 and 20 octets, whose header the hash
   * covers.
   */
  end(): void {
    const header = Buffer.of(0xd3, 20)
    const mdc = this.#mdc.update(header).digest()
    this.#packet.write(this.#cipher.update(Buffer.concat([header, mdc])))
    this.#packet.end()
  }

  /** The key lies in the cipher alone. */
  forget(): void {
    this.#cipher.forget()
  }
}
