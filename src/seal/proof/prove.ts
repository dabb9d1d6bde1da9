import type { PrivateKey } from '../keys/keys.js'
import { signProof } from './key.js'
import { withSessionKey } from './session-key.js'

/**
 * Signs `text` with the key that can only be derived by opening `message` (key.ts).
 *
 * @returns the signature in base64
 * @throws NocturneError `cannot_open` when `key` does not open the message
 */
export const proveOpening = (message: Uint8Array, key: PrivateKey, text: string): Promise<string> =>
  withSessionKey(message, key, (sessionKey) => signProof(sessionKey, text))
