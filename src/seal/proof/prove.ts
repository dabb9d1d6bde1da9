import { decryptSessionKeys, readMessage } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { forReading } from '../keys/policy.js'
import { signProof } from './key.js'

/**
 * Signs `text` with the key that can only be derived by opening `message` (key.ts). The session key
 * does not leave this function.
 *
 * @returns the signature in base64
 * @throws NocturneError `cannot_open` when `key` does not open the message
 */
export async function proveOpening(
  message: Uint8Array,
  key: PrivateKey,
  text: string,
): Promise<string> {
  try {
    const [found] = await decryptSessionKeys({
      message: await readMessage({ binaryMessage: Uint8Array.from(message), config: forReading }),
      decryptionKeys: secretOf(key),
      config: forReading,
    })
    if (!found) throw new Error('no session key')
    const signature = signProof(found.data, text)
    found.data.fill(0)
    return signature
  } catch (cause) {
    throw new NocturneError('cannot_open', { cause })
  }
}
