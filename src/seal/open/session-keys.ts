import { decryptSessionKeys, readMessage } from 'openpgp'
import { concat } from '../../lib/bytes.js'
import { packet, TAG } from '../packets.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { forReading } from '../keys/policy.js'
import { expectAddressed } from './addressed.js'

/**
 * Gets the session key from a key packet of the version that matches the data (RFC 9580 section
 * 10.3.2.1). Others are ignored; otherwise an attacker could downgrade a message to the weaker
 * format.
 */
export async function sessionKeyOf(
  keyPackets: readonly Uint8Array[],
  version: 3 | 6,
  keys: readonly PrivateKey[],
): Promise<Uint8Array> {
  const fitting = keyPackets.filter((body) => body[0] === version)
  const message = await readMessage({
    binaryMessage: concat(fitting.map((body) => packet(TAG.keyPacket, body))),
    config: forReading,
  })
  expectAddressed(message, keys)
  const found = await decryptSessionKeys({
    message,
    decryptionKeys: keys.map(secretOf),
    config: forReading,
  })
  const [one, ...others] = found
  if (!one || others.length > 0) throw new Error('not one session key')
  // Version 3 packets name the cipher next to the key. Only AES is accepted, of the size that the
  // key has.
  if (version === 3 && !one.algorithm?.startsWith('aes')) throw new Error('not AES')
  return one.data
}

/**
 * The session key of the message opened last. All items of an envelope have the same key packets,
 * and getting the key out of them takes longer than decrypting a CT slice.
 */
export class LastSessionKey {
  #of: Buffer | undefined
  #key: Promise<Uint8Array> | undefined

  /** Like `sessionKeyOf`; always called with the same `keys`. */
  get(
    keyPackets: readonly Uint8Array[],
    version: 3 | 6,
    keys: readonly PrivateKey[],
  ): Promise<Uint8Array> {
    const of = Buffer.concat([Uint8Array.of(version), ...keyPackets])
    if (!this.#key || this.#of?.equals(of) !== true) {
      this.#of = of
      this.#key = sessionKeyOf(keyPackets, version, keys)
    }
    return this.#key
  }

  /** Overwrites it; call when no message is being opened any more. */
  async forget(): Promise<void> {
    const key = await this.#key?.catch(() => undefined)
    key?.fill(0)
    this.#key = undefined
  }
}
