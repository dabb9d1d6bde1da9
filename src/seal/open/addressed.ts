import type { Message } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'

/**
 * Told apart from a message that was altered, because the remedies differ: another key or a
 * colleague, instead of fetching it again. A key packet may leave its recipient unnamed (RFC 9580
 * section 5.1.8); then only decryption can tell.
 *
 * @throws NocturneError `not_sealed_to_key` when every key packet names the key of somebody else
 */
export function expectAddressed(
  message: Pick<Message<Uint8Array>, 'getEncryptionKeyIDs'>,
  keys: readonly PrivateKey[],
): void {
  const named = message.getEncryptionKeyIDs()
  const isOurs = named.some((id) => keys.some((key) => secretOf(key).getKeys(id).length > 0))
  if (named.length > 0 && !isOurs) throw new NocturneError('not_sealed_to_key')
}

/** Any fault of the message except that it is for another key. */
export const cannotOpen = (cause: unknown): NocturneError =>
  cause instanceof NocturneError && cause.code === 'not_sealed_to_key'
    ? cause
    : new NocturneError('cannot_open', { cause })
