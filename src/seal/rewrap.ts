import { targetOf } from './keys/certificate.js'
import { sealSessionKey } from './envelope.js'
import type { DataFormat } from './stations.js'
import type { Recipient } from './keys/recipient.js'
import { NocturneError } from '../lib/errors.js'
import type { PrivateKey } from './keys/keys.js'
import { sessionKeyOf } from './open/open.js'
import { Body, ByteSource } from './open/open-packets.js'
import { TAG } from './packets.js'

/** Version of the key packet that belongs to each data packet (RFC 9580 section 10.3.2.1). */
const VERSION = { seipd1: 3, seipd2: 6 } as const
/** RSA of 16,384 bits needs 2 KB. */
const MAX_BYTES = 4096

/**
 * The session key of one key packet, sealed to one more recipient. The data is not touched and not
 * needed. Runs where the private key is, and nowhere else.
 *
 * @throws NocturneError `cannot_open` when the packet is not for `key`; `recipient_unusable` when
 *   the recipient cannot open data of this format.
 */
export async function rewrapKeyPacket(
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
  recipient: Recipient,
  now: Date = new Date(),
): Promise<Buffer> {
  if (format === 'seipd2' && !recipient.takesSeipd2)
    throw new NocturneError('recipient_unusable', { subject: recipient.id })
  const target = await targetOf(recipient, now)
  let sessionKey: Uint8Array | undefined
  try {
    sessionKey = await sessionKeyOf([await bodyOf(packet)], VERSION[format], [key])
    return await sealSessionKey(sessionKey, target, format, now)
  } catch (cause) {
    throw new NocturneError('cannot_open', { cause })
  } finally {
    sessionKey?.fill(0)
  }
}

/**
 * Is this one key packet, of the version that belongs to the format, to the subkey that a message
 * to this recipient is sealed to? Whether the session key inside is the right one only its
 * recipient can find out.
 */
export async function isKeyPacketFor(
  packet: Uint8Array,
  format: DataFormat,
  recipient: Recipient,
  now: Date = new Date(),
): Promise<boolean> {
  try {
    const { key } = await targetOf(recipient, now)
    const body = await bodyOf(packet)
    if (body[0] !== VERSION[format]) return false
    // Version 3: key ID, algorithm. Version 6: length, key version, fingerprint, algorithm
    // (sections 5.1.1 and 5.1.2).
    const id = format === 'seipd1' ? body.subarray(1, 9) : body.subarray(3, 2 + (body[1] ?? 0))
    const named = Buffer.from(id).toString('hex')
    return named === (format === 'seipd1' ? key.getKeyID().toHex() : key.getFingerprint())
  } catch {
    return false
  }
}

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
