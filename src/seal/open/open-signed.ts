import { CLOCK_ALLOWANCE_MS } from '../../protocol/clock.js'
import { readMessage } from 'openpgp'
import type { Message, PublicKey } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { expiryOf } from '../keys/certificate-facts.js'
import { parseCertificate } from '../keys/certificate-file.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { forReading } from '../keys/policy.js'
import { cannotOpen, expectAddressed } from './addressed.js'
import { isOverContent, mayBeUsed } from '../keys/verify.js'

const MAX_BYTES = 256 * 1024 * 1024

/** A certificate whose signature is accepted. */
export interface Signer {
  readonly certificate: string | Uint8Array
  /** When another key replaced it. A later signature does not count as the owner's. */
  readonly until?: Date | undefined
}

/** The content of a signed message, and what its signature says. */
export interface SignedContent {
  readonly content: Uint8Array
  /** Fingerprint of the certificate it was checked with. */
  readonly signedBy: string
  /** The creation time claimed by the signature. */
  readonly signedAt: Date
  /**
   * The key has since expired, been retired or been replaced, so its present holder could have
   * backdated the signature.
   */
  readonly hasKeyEnded: boolean
}

/**
 * Opens a small signed message, such as a manifest, in memory. The signature must have been made by
 * one of `signers` while its key was valid. A signature made in time stays valid after the key
 * expires or is retired, because archives depend on it; no signature of a key revoked as
 * compromised is accepted, whatever its date (RFC 9580 section 5.2.3.31).
 *
 * @throws NocturneError `not_sealed_to_key`; `cannot_open` when it was changed;
 *   `manifest_not_signed` when it opens but no signature is valid
 */
export async function openSignedMessage(
  bytes: Uint8Array,
  keys: readonly PrivateKey[],
  signers: readonly Signer[],
  now: Date,
): Promise<SignedContent> {
  const { message, content } = await openWhole(bytes, keys, now)
  const named = message.getSigningKeyIDs()
  // openpgp returns the signatures of a message only once.
  let left: OpenedMessage | undefined = message
  for (const signer of signers) {
    const parsed = await parseCertificate(signer.certificate)
    if ('problem' in parsed) continue
    const certificate = parsed.key
    if (!named.some((id) => certificate.getKeys(id).length > 0)) continue
    left ??= (await openWhole(bytes, keys, now)).message
    const found = await findSignature(left, certificate, now, signer.until).catch(() => undefined)
    if (found) return { content, signedBy: certificate.getFingerprint(), ...found }
    left = undefined
  }
  throw new NocturneError('manifest_not_signed')
}

type OpenedMessage = Awaited<ReturnType<Message<Uint8Array>['decrypt']>>

async function openWhole(bytes: Uint8Array, keys: readonly PrivateKey[], now: Date) {
  try {
    if (bytes.length > MAX_BYTES) throw new Error('too large')
    const config = { ...forReading, maxDecompressedMessageSize: MAX_BYTES }
    const sealed = await readMessage({ binaryMessage: Uint8Array.from(bytes), config })
    expectAddressed(sealed, keys)
    const message = await sealed.decrypt(keys.map(secretOf), undefined, undefined, now, config)
    const content: unknown = message.getLiteralData()
    if (!(content instanceof Uint8Array)) throw new TypeError('openpgp gave no octets')
    return { message, content }
  } catch (cause) {
    throw cannotOpen(cause)
  }
}

/** Returns the first valid signature by a key of this certificate. */
async function findSignature(
  message: OpenedMessage,
  certificate: PublicKey,
  now: Date,
  until = new Date(now.getTime() + CLOCK_ALLOWANCE_MS),
): Promise<Pick<SignedContent, 'signedAt' | 'hasKeyEnded'> | undefined> {
  const latest = await lastMoment(certificate, now)
  for (const one of await message.verify([certificate], latest, FOR_ARCHIVE)) {
    const isGood = await one.verified.catch(() => false)
    const signature = await one.signature
    const signedAt = signature.packets[0]?.created
    if (!isGood || !signedAt || signedAt > until || !isOverContent(signature)) continue
    const mayAt = (at: Date) => mayBeUsed(certificate, one.keyID, at).catch(() => false)
    if ((await mayAt(signedAt)) || (await mayAt(latest)))
      return { signedAt, hasKeyEnded: until <= now || !(await mayAt(now)) }
  }
  return undefined
}

/**
 * The last second of an expired certificate's life, otherwise `now`: signatures dated later are
 * invalid.
 */
async function lastMoment(certificate: PublicKey, now: Date): Promise<Date> {
  const end = await expiryOf(certificate, null)
  return end && end <= now
    ? new Date(end.getTime() - 1000)
    : new Date(now.getTime() + CLOCK_ALLOWANCE_MS)
}

/**
 * openpgp judges the key at the time of the signature. When an owner changes a key's expiry with
 * GnuPG, the old self-signature is replaced, and no self-signature from that time remains. With
 * this setting the existing self-signature counts for the key's whole life.
 */
const FOR_ARCHIVE = { ...forReading, allowInsecureVerificationWithReformattedKeys: true }
