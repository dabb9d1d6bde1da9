import { decryptSessionKeys, readMessage } from 'openpgp'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { forReading } from '../keys/policy.js'
import { cannotOpen, expectAddressed } from '../open/addressed.js'
import { sessionKeyIn } from '../rewrap.js'
import type { DataFormat } from '../stations.js'

/** HKDF's info in the derivation of the proof key (key.ts). */
export const PROOF_INFO = 'nocturne/proof/v1'

/**
 * Opens a key packet of `message` and passes its session key to `use`, which must not keep it: the
 * key is overwritten afterwards, and does not leave this folder.
 *
 * @throws NocturneError `not_sealed_to_key`, `cannot_open`
 */
export async function withSessionKey<T>(
  message: Uint8Array,
  key: PrivateKey,
  use: (sessionKey: Uint8Array) => T | Promise<T>,
): Promise<T> {
  try {
    const read = await readMessage({
      binaryMessage: Uint8Array.from(message),
      config: forReading,
    })
    expectAddressed(read, [key])
    const [found] = await decryptSessionKeys({
      message: read,
      decryptionKeys: secretOf(key),
      config: forReading,
    })
    if (!found) throw new Error('no session key')
    try {
      return await use(found.data)
    } finally {
      found.data.fill(0)
    }
  } catch (cause) {
    throw cannotOpen(cause)
  }
}

/**
 * The same for a key packet alone.
 *
 * @throws NocturneError `not_sealed_to_key`; `cannot_open` for a broken packet
 */
export async function withPacketKey<T>(
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
  use: (sessionKey: Uint8Array) => T | Promise<T>,
): Promise<T> {
  let sessionKey: Uint8Array | undefined
  try {
    sessionKey = await sessionKeyIn(packet, format, key)
    return await use(sessionKey)
  } catch (cause) {
    throw cannotOpen(cause)
  } finally {
    sessionKey?.fill(0)
  }
}
