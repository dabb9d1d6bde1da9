import type { PrivateKey } from '../keys/keys.js'
import { signProof } from './key.js'
import { withSessionKey } from './session-key.js'

/**
 * Signs `text` with the key that can only be derived by opening `message` (key.ts).
 *
 * @returns the signature in base64
 * @throws NocturneError `not_sealed_to_key`, `cannot_open`
 */
export const proveOpening = (message: Uint8Array, key: PrivateKey, text: string): Promise<string> =>
  withSessionKey(message, key, (sessionKey) => signProof(sessionKey, text))
