import { encryptKey, enums } from 'openpgp'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'

/**
 * An armored copy that the passphrase opens.
 *
 * @param reader `this page`: the passphrase is one that a person can remember, so it is stretched
 *   with Argon2id (RFC 9580 section 3.7.1.4); `any program`: GnuPG reads neither Argon2 nor AEAD
 *   here, so the passphrase must be too random to guess
 */
export async function lockKey(
  key: PrivateKey,
  passphrase: string,
  reader: 'this page' | 'any program',
): Promise<string> {
  const locked = await encryptKey({
    privateKey: secretOf(key),
    passphrase,
    config:
      reader === 'this page'
        ? { s2kType: enums.s2k.argon2, aeadProtect: true }
        : { aeadProtect: false },
  })
  return locked.armor()
}
