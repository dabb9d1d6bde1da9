import { readMessage } from 'openpgp'
import { concat } from '../../lib/bytes.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import type { Body } from './open-packets.js'
import { packet, TAG } from '../packets.js'
import { forReading } from '../keys/policy.js'
import { expectAddressed } from './addressed.js'

/** openpgp holds several copies of a message in memory. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Opens formats that this room does not implement itself, with openpgp and in memory: EAX and OCB,
 * and the draft AEAD packet that GnuPG 2.3 and later write. `front` is the part of the body that
 * was already read. Returns the plaintext packets in one piece, after verifying the whole message.
 */
export async function* openByOpenpgp(
  keyPackets: readonly Uint8Array[],
  data: Body,
  front: Uint8Array,
  keys: readonly PrivateKey[],
): AsyncGenerator<Uint8Array> {
  const body = concat([front, await data.whole(MAX_BYTES)])
  const message = await readMessage({
    binaryMessage: concat([
      ...keyPackets.map((one) => packet(TAG.keyPacket, one)),
      packet(data.tag, body),
    ]),
    config: forReading,
  })
  expectAddressed(message, keys)
  const opened = await message.decrypt(
    keys.map(secretOf),
    undefined,
    undefined,
    undefined,
    forReading,
  )
  yield opened.packets.write()
}
