import type { PrivateKey } from '../keys/keys.js'
import { cannotOpen } from '../open/addressed.js'
import { sessionKeyIn } from '../rewrap.js'
import type { DataFormat } from '../stations.js'
import { signProof } from './key.js'

/**
 * As `proveOpening`, with a key packet alone: for a holder of the recovery key, who fetches no
 * data.
 *
 * @throws NocturneError `not_sealed_to_key`; `cannot_open` for a broken packet
 */
export async function proveKeyPacket(
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
  text: string,
): Promise<string> {
  let sessionKey: Uint8Array | undefined
  try {
    sessionKey = await sessionKeyIn(packet, format, key)
    return signProof(sessionKey, text)
  } catch (cause) {
    throw cannotOpen(cause)
  } finally {
    sessionKey?.fill(0)
  }
}
