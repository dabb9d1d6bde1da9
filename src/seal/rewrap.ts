import { targetOf } from './keys/certificate.js'
import { sealSessionKey } from './keys/key-packet.js'
import type { DataFormat } from './stations.js'
import type { Recipient } from './keys/recipient.js'
import { NocturneError } from '../lib/errors.js'
import { hexOf } from '../lib/bytes.js'
import type { PrivateKey } from './keys/keys.js'
import { cannotOpen } from './open/addressed.js'
import { sessionKeyOf } from './open/session-keys.js'
import { Body, ByteSource } from './open/open-packets.js'
import { TAG } from './packets.js'

/** The key packet version that goes with each data packet format (RFC 9580 section 10.3.2.1). */
const VERSION = { seipd1: 3, seipd2: 6 } as const
/** A 16,384-bit RSA key packet takes about 2 KB. */
const MAX_BYTES = 4096

/**
 * Seals the session key of one key packet to an additional recipient. The data is neither changed
 * nor needed. Runs only where the private key is.
 *
 * @throws NocturneError `not_sealed_to_key`; `cannot_open` for a broken packet;
 *   `recipient_unusable` when the recipient cannot open data of this format
 */
export async function rewrapKeyPacket(
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
  recipient: Recipient,
  now: Date,
): Promise<Uint8Array> {
  if (format === 'seipd2' && !recipient.takesSeipd2)
    throw new NocturneError('recipient_unusable', { subject: recipient.id })
  const target = await targetOf(recipient, now)
  let sessionKey: Uint8Array | undefined
  try {
    sessionKey = await sessionKeyIn(packet, format, key)
    return await sealSessionKey(sessionKey, target, format, now)
  } catch (cause) {
    throw cannotOpen(cause)
  } finally {
    sessionKey?.fill(0)
  }
}

/**
 * Returns whether this is a single key packet, of the version that matches the format, addressed to
 * the subkey that messages to this recipient are sealed to. Only the recipient can tell whether it
 * holds the right session key.
 */
export async function isKeyPacketFor(
  packet: Uint8Array,
  format: DataFormat,
  recipient: Recipient,
  now: Date,
): Promise<boolean> {
  try {
    const { key } = await targetOf(recipient, now)
    const body = await bodyOf(packet)
    if (body[0] !== VERSION[format]) return false
    // Version 3: key ID, algorithm. Version 6: length, key version, fingerprint, algorithm (RFC
    // 9580 sections 5.1.1 and 5.1.2).
    const id = format === 'seipd1' ? body.subarray(1, 9) : body.subarray(3, 2 + (body[1] ?? 0))
    const named = hexOf(id)
    return named === (format === 'seipd1' ? key.getKeyID().toHex() : key.getFingerprint())
  } catch {
    return false
  }
}

/** The session key; the caller overwrites it. Fails for a packet that is not for `key`. */
export const sessionKeyIn = async (
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
): Promise<Uint8Array> => sessionKeyOf([await bodyOf(packet)], VERSION[format], [key])

async function bodyOf(packet: Uint8Array): Promise<Uint8Array> {
  const source = new ByteSource(one(packet))
  const body = await Body.next(source)
  if (body?.tag !== TAG.keyPacket) throw new Error('not a key packet')
  const bytes = await body.whole(MAX_BYTES)
  if ((await source.octet()) !== undefined) throw new Error('something follows the key packet')
  return bytes
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
