import { NocturneError } from '../../lib/errors.js'
import type { PrivateKey } from '../keys/keys.js'
import { sessionKeyIn } from '../rewrap.js'
import type { DataFormat } from '../stations.js'
import { signProof } from './key.js'

/**
 * As `proveOpening`, with a key packet alone: for a holder of the recovery key, who fetches no
 * data.
 *
 * @throws NocturneError `cannot_open` when the packet is not for `key`
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
    throw new NocturneError('cannot_open', { cause })
  } finally {
    sessionKey?.fill(0)
  }
}
