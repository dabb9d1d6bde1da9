import { readMessage } from 'openpgp'
import type { Message, PublicKey } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { expiryOf } from '../keys/certificate-facts.js'
import { parseCertificate } from '../keys/certificate-file.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { forReading } from '../keys/policy.js'
import { isOverContent, mayBeUsed } from '../keys/verify.js'

const MAX_BYTES = 256 * 1024 * 1024
/** How far the signer's clock may be ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60_000

/** Whose signature counts. */
export interface Signer {
  readonly certificate: string | Uint8Array
  /** When another key took its place: what it signs after that is not its owner's. */
  readonly until?: Date | undefined
}

/** The content of a signed message, and what its signature says. */
export interface SignedContent {
  readonly content: Uint8Array
  /** Fingerprint of the certificate it was checked with. */
  readonly signedBy: string
  /** The signer's word. */
  readonly signedAt: Date
  /**
   * The key has expired since, was retired or replaced: who holds it now could have written an
   * earlier time.
   */
  readonly hasKeyEnded: boolean
}

/**
 * Opens a small signed message, a manifest for instance, in memory. The signature must have been
 * made by one of `signers` while its key was good: what was signed in time stays good when the key
 * expires or is retired, as an archive needs it, and nothing of a key that was revoked as
 * compromised does, whatever time it names (RFC 9580 section 5.2.3.31).
 *
 * @throws NocturneError `cannot_open`: not for one of `keys`, or changed; `manifest_not_signed`: it
 *   opens, and the signature does not hold
 */
export async function openSignedMessage(
  bytes: Uint8Array,
  keys: readonly PrivateKey[],
  signers: readonly Signer[],
  now: Date = new Date(),
): Promise<SignedContent> {
  const { message, content } = await openWhole(bytes, keys, now)
  const named = message.getSigningKeyIDs()
  // openpgp gives the signatures of a message out once.
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
    const message = await sealed.decrypt(keys.map(secretOf), undefined, undefined, now, config)
    const content: unknown = message.getLiteralData()
    if (!(content instanceof Uint8Array)) throw new TypeError('openpgp gave no octets')
    return { message, content }
  } catch (cause) {
    throw new NocturneError('cannot_open', { cause })
  }
}

/** The first good signature by a key of this certificate. */
async function findSignature(
  message: OpenedMessage,
  certificate: PublicKey,
  now: Date,
  until = new Date(now.getTime() + CLOCK_SKEW_MS),
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
 * The last second of a certificate that has expired, else now: a signature of a later time is none.
 */
async function lastMoment(certificate: PublicKey, now: Date): Promise<Date> {
  const end = await expiryOf(certificate, null)
  return end && end <= now
    ? new Date(end.getTime() - 1000)
    : new Date(now.getTime() + CLOCK_SKEW_MS)
}

/**
 * openpgp judges the key at the signature's time. Whoever moves a key's expiry with GnuPG replaces
 * the self-signature, and then none is left of that time: the one there is speaks for the whole
 * life of the key.
 */
const FOR_ARCHIVE = { ...forReading, allowInsecureVerificationWithReformattedKeys: true }
