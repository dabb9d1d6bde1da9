import { decrypt, readMessage } from 'openpgp'
import { NocturneError } from '../lib/errors.js'
import { parseCertificate } from './certificate-file.js'
import { secretOf } from './keys.js'
import type { PrivateKey } from './keys.js'
import { forReading } from './policy.js'
import { isOverContent, mayBeUsed } from './verify.js'

const MAX_BYTES = 256 * 1024 * 1024

/**
 * Opens a small signed message, a manifest for instance, in memory: its content, once the signature holds, and the
 * fingerprint of the certificate it was checked with.
 *
 * @throws NocturneError `cannot_open`: not for one of `keys`, changed, not signed, or not signed by this signer with a
 *         key that is valid at `now`.
 */
export async function openSignedMessage(
  bytes: Uint8Array,
  keys: readonly PrivateKey[],
  signerCertificate: string | Uint8Array,
  now: Date = new Date(),
): Promise<{ readonly content: Uint8Array; readonly signedBy: string }> {
  try {
    if (bytes.length > MAX_BYTES) throw new Error('too large')
    const signer = await parseCertificate(signerCertificate)
    if ('problem' in signer) throw new Error('the signer cannot be read')
    const opened = await decrypt({
      message: await readMessage({ binaryMessage: Uint8Array.from(bytes), config: forReading }),
      decryptionKeys: keys.map(secretOf),
      verificationKeys: signer.key,
      expectSigned: true,
      format: 'binary',
      date: now,
      config: { ...forReading, maxDecompressedMessageSize: MAX_BYTES },
    })
    const content: unknown = opened.data
    if (!(content instanceof Uint8Array)) throw new TypeError('openpgp gave no octets')
    for (const one of opened.signatures) {
      const isGood = await one.verified.catch(() => false)
      const isOurs = isGood && isOverContent(await one.signature)
      if (isOurs && (await mayBeUsed(signer.key, one.keyID, now)))
        return { content, signedBy: signer.key.getFingerprint() }
    }
    throw new Error('not signed by this signer')
  } catch (cause) {
    throw new NocturneError('cannot_open', { cause })
  }
}
