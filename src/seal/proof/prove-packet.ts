import type { PrivateKey } from '../keys/keys.js'
import type { DataFormat } from '../stations.js'
import { signProof } from './key.js'
import { withPacketKey } from './session-key.js'

/**
 * As `proveOpening`, with a key packet alone: for a holder of the recovery key, who fetches no
 * data.
 *
 * @throws NocturneError `not_sealed_to_key`; `cannot_open` for a broken packet
 */
export const proveKeyPacket = (
  packet: Uint8Array,
  format: DataFormat,
  key: PrivateKey,
  text: string,
): Promise<string> =>
  withPacketKey(packet, format, key, (sessionKey) => signProof(sessionKey, text))
