import { enums, readMessage } from 'openpgp'
import { targetOf } from './keys/certificate.js'
import { forReading } from './keys/policy.js'
import type { Recipient } from './keys/recipient.js'

/** Enough for a facility and its readers; our clients never write more. */
const MAX_KEY_PACKETS = 200

/**
 * Returns whether a complete message is encrypted to this recipient, possibly among others, as far
 * as can be seen without a private key: key packets, then one encrypted and integrity protected
 * data packet, and nothing else. Only the recipient can tell whether its key packet holds the right
 * session key.
 */
export async function isSealedTo(
  message: Uint8Array,
  recipient: Recipient,
  now: Date,
): Promise<boolean> {
  try {
    const { key } = await targetOf(recipient, now)
    const { packets } = await readMessage({ binaryMessage: message, config: forReading })
    const tags = packets.map(tagOf)
    const isWhole =
      tags.length >= 2 &&
      tags.length <= MAX_KEY_PACKETS + 1 &&
      tags.at(-1) === DATA &&
      tags.slice(0, -1).every((tag) => tag === KEY_PACKET)
    const wanted = key.getKeyID().toHex()
    return isWhole && encryptionKeyIds(packets).includes(wanted)
  } catch {
    return false
  }
}

const DATA: number = enums.packet.symEncryptedIntegrityProtectedData
const KEY_PACKET: number = enums.packet.publicKeyEncryptedSessionKey

const tagOf = ({ constructor }: object): number => (constructor as unknown as { tag: number }).tag

/**
 * Key IDs from version 3 key packets, and from version 6 packets, where they follow from the
 * fingerprint.
 */
const encryptionKeyIds = (packets: readonly object[]): readonly string[] =>
  packets.flatMap((packet) =>
    'publicKeyID' in packet ? [(packet.publicKeyID as { toHex(): string }).toHex()] : [],
  )
