/** Keys that a browser keeps for a person. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const PAGES = {
  kept_key_missing: entry(
    404,
    'this device no longer keeps a key of that name',
    'use the key file, or restore it from the recovery file with the code on the printed sheet',
  ),
  kept_key_unreadable: entry(
    422,
    'this passkey does not open the kept key',
    'unlock with the passphrase or the recovery code, or use the key file; then add a new passkey',
  ),
  kept_key_storage: entry(
    507,
    'the browser could not store the key',
    'free disk space, leave private browsing, or go on with the key file; nothing was changed',
  ),
  passkey_unsuitable: entry(
    422,
    'this passkey cannot protect a key: its authenticator lacks the PRF extension',
    'use a passphrase, or a passkey of another authenticator',
  ),
  passkey_not_used: entry(
    403,
    'the passkey was not used: cancelled, timed out or not on this device',
    'try again; if the passkey is lost, use the passphrase, the recovery code or the key file',
  ),
} as const satisfies Record<string, Entry>
