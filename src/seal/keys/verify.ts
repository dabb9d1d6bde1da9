import { createMessage, enums, readSignature, verify } from 'openpgp'
import type { Key, KeyID, Signature } from 'openpgp'
import { parseCertificate } from './certificate-file.js'
import { binaryOf, textOf } from '../input.js'
import { forReading, lenient } from './policy.js'

const MAX_SIGNATURE_CHARACTERS = 65_536
const MAX_SIGNATURES = 8
const MAX_SIGNED_CHARACTERS = 64 * 1024 * 1024

/** `verifyDetached` as rooms take it: the composition adds the time. */
export type VerifyDetached = (
  text: string,
  signature: string,
  certificate: string,
) => Promise<boolean>

/**
 * Returns whether this is a detached signature over `content` (for a string, its UTF-8 octets) by a
 * signing key of this certificate, with certificate and signature both valid at `now` and no weak
 * hash or key involved. Returns false for everything else, including input that cannot be read or
 * is too large. A caller that tolerates clock differences passes a later `now`.
 */
export async function verifyDetached(
  content: string | Uint8Array,
  signature: string | Uint8Array,
  certificate: string | Uint8Array,
  now: Date,
): Promise<boolean> {
  if (signature.length > MAX_SIGNATURE_CHARACTERS) return false
  if (content.length > MAX_SIGNED_CHARACTERS) return false
  try {
    const parsed = await parseCertificate(certificate)
    if ('problem' in parsed) return false
    const { key } = parsed
    const read = await parseSignature(signature)
    if (read.packets.length > MAX_SIGNATURES) return false
    const { signatures } = await verify({
      message: await createMessage({ binary: binaryOf(content) }),
      signature: read,
      verificationKeys: key,
      date: now,
      config: forReading,
    })
    for (const one of signatures) {
      const isGood = await one.verified.catch(() => false)
      if (isGood && isOverContent(await one.signature) && (await mayBeUsed(key, one.keyID, now)))
        return true
    }
    return false
  } catch {
    return false
  }
}

function parseSignature(input: string | Uint8Array): Promise<Signature> {
  const text = textOf(input)
  return text === undefined
    ? readSignature({ binarySignature: binaryOf(input), config: forReading })
    : readSignature({ armoredSignature: text, config: forReading })
}

/**
 * A standalone signature (type 0x02) covers no content, so it would match any content (RFC 9580
 * section 5.2.1.3).
 */
export function isOverContent(signature: Signature): boolean {
  return signature.packets.every(
    (one) =>
      one.signatureType === enums.signature.binary || one.signatureType === enums.signature.text,
  )
}

/**
 * Returns whether the signing key is valid at `at`. openpgp only checks validity at the creation
 * time that the signature claims, and the holder of an expired key can backdate it. Revocations
 * count even when signed over an old hash.
 */
export async function mayBeUsed(certificate: Key, keyID: KeyID, at: Date): Promise<boolean> {
  if (await certificate.isRevoked(undefined, undefined, at, lenient)) return false
  const signer = await certificate.getSigningKey(keyID, at, undefined, forReading)
  if ('mainKey' in signer) await signer.verify(at, lenient)
  return true
}
