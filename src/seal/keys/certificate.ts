import type { Key, PublicKey, Subkey } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import {
  describeKey,
  encryptionKey,
  gatherFacts,
  lastsUntil,
  takesSeipd2,
} from './certificate-facts.js'
import type { Facts } from './certificate-facts.js'
import { parseCertificate } from './certificate-file.js'
import type {
  CertificateFinding,
  CertificateProblem,
  CertificateReport,
  Recipient,
} from './recipient.js'
import type { PolicyOptions } from './policy.js'

interface Rule {
  readonly code: CertificateProblem
  readonly isBroken: (facts: Facts) => boolean
  readonly reason: (facts: Facts) => string
}

/** Rules that make a certificate unacceptable as a whole, most important first. */
const PRIMARY_RULES: readonly Rule[] = [
  {
    // It may have been revoked because somebody else holds the key.
    code: 'certificate_revoked',
    isBroken: (it) => it.isRevoked,
    reason: () => 'its owner has revoked it',
  },
  {
    // Content sealed today must stay confidential for as long as patient records are kept.
    code: 'certificate_weak',
    isBroken: (it) => it.weakness !== undefined,
    reason: (it) => it.weakness ?? '',
  },
  {
    code: 'certificate_unsupported',
    isBroken: (it) => it.weakness === undefined && !it.isBound && it.unsupported !== undefined,
    reason: (it) => `it uses ${it.unsupported ?? ''}, which is not supported`,
  },
  {
    code: 'certificate_no_user_id',
    isBroken: (it) =>
      it.weakness === undefined && !it.isBound && it.unsupported === undefined && !it.hasUserId,
    reason: () => 'it has no user ID, so nothing binds it to a person',
  },
  {
    // Only a valid self-signature proves that the owner of the key made the rest of the
    // certificate. The self-signatures of a weak key prove nothing and are not checked.
    code: 'certificate_unreadable',
    isBroken: (it) =>
      it.weakness === undefined && !it.isBound && it.unsupported === undefined && it.hasUserId,
    reason: () => 'no valid signature of its own binds it',
  },
  {
    // Owners let a key expire when they stop using it: it may be lost, or its private half gone.
    code: 'certificate_expired',
    isBroken: (it) => it.isExpired,
    reason: (it) => `it expired on ${it.expiresAt?.toISOString().slice(0, 10) ?? ''}`,
  },
  {
    // One of the two clocks is wrong, so the expiry date cannot be relied on either.
    code: 'certificate_not_yet_valid',
    isBroken: (it) => it.isFuture,
    reason: () => 'it was made in the future',
  },
  {
    // With a hash collision, somebody else's subkey could be bound under this owner's name.
    code: 'certificate_weak',
    isBroken: (it) => it.weakness === undefined && it.isBound && !it.hasStrongBinding,
    reason: () => 'its self-signatures use SHA-1 or MD5 alone',
  },
]

/** Checked when the certificate as a whole is acceptable: is there a key to seal to? */
const ENCRYPTION_RULES: readonly Rule[] = [
  {
    code: 'certificate_weak',
    isBroken: (it) => !it.canEncrypt && it.encryptionWeakness !== undefined,
    reason: (it) => `its encryption subkey: ${it.encryptionWeakness ?? ''}`,
  },
  {
    code: 'certificate_cannot_encrypt',
    isBroken: (it) => !it.canEncrypt,
    reason: () => 'it has no subkey for encryption, or each is expired or revoked',
  },
]

const UNREAD: CertificateReport = {
  fingerprint: '',
  version: undefined,
  userIds: [],
  createdAt: undefined,
  expiresAt: undefined,
  usableUntil: undefined,
  signsUntil: undefined,
  keys: [],
  takesSeipd2: false,
  problems: [],
}

/**
 * Reads a certificate, armored or binary, and reports what the policy finds at `now`. Never throws
 * for bad input: an unreadable file yields a report with an empty fingerprint and the problem.
 */
export async function inspectCertificate(
  input: string | Uint8Array,
  now: Date,
  options: PolicyOptions = {},
): Promise<CertificateReport> {
  const parsed = await parseCertificate(input)
  if ('problem' in parsed) return { ...UNREAD, problems: [parsed.problem] }
  const { key } = parsed
  const facts = await gatherFacts(key, now, options)
  return {
    fingerprint: key.getFingerprint(),
    version: key.keyPacket.version === 6 ? 6 : 4,
    userIds: key.getUserIDs(),
    createdAt: key.getCreationTime(),
    expiresAt: facts.expiresAt,
    usableUntil: await lastsUntil(key, 'encrypt', facts.expiresAt, options),
    signsUntil: await lastsUntil(key, 'sign', facts.expiresAt, options),
    keys: await Promise.all([key, ...key.subkeys].map((one) => describeKey(one, now))),
    takesSeipd2: await takesSeipd2(key, now, options),
    problems: judge(facts),
  }
}

/**
 * Why the policy refuses this certificate for signing only, as the gateway uses its own: nothing is
 * sealed to it.
 */
export const problemOfSigner = ({
  problems,
  keys,
}: CertificateReport): CertificateFinding | undefined =>
  problems.find(({ code }) => code !== 'certificate_cannot_encrypt') ??
  (keys.some(({ uses }) => uses.includes('sign'))
    ? undefined
    : finding('certificate_cannot_sign', 'it has no key that signs, or each is expired or revoked'))

/**
 * Returns a certificate that may be sealed to at `now`, under these policy options.
 *
 * @throws NocturneError with the code of the first problem, and `id` as its subject
 */
export async function toRecipient(
  id: string,
  input: string | Uint8Array,
  now: Date,
  options: PolicyOptions = {},
): Promise<Recipient> {
  const { recipient } = await accept(id, input, now, options)
  return recipient
}

/** A recipient's certificate as parsed by openpgp, with the key to seal to. */
export interface Target {
  readonly certificate: PublicKey
  readonly key: Key | Subkey
}

interface Accepted {
  readonly certificate: PublicKey
}

/**
 * Parsing and verifying take milliseconds, so they are done once per recipient, not once per
 * envelope.
 */
const acceptedOf = new WeakMap<Recipient, Accepted>()

/**
 * Returns the key to seal to at `now`, checking again because a certificate accepted yesterday may
 * have expired today.
 *
 * @throws NocturneError `recipient_unusable`, with the recipient's ID as its subject
 */
export async function targetOf(recipient: Recipient, now: Date): Promise<Target> {
  const { id, policy } = recipient
  try {
    const { certificate } =
      acceptedOf.get(recipient) ?? (await accept(id, recipient.certificate, now, policy)).accepted
    const key = await encryptionKey(certificate, now, policy)
    if (key && judge(await gatherFacts(certificate, now, policy)).length === 0)
      return { certificate, key }
  } catch (cause) {
    throw new NocturneError('recipient_unusable', { subject: id, cause })
  }
  throw new NocturneError('recipient_unusable', { subject: id })
}

async function accept(
  id: string,
  input: string | Uint8Array,
  now: Date,
  options: PolicyOptions,
): Promise<{ readonly recipient: Recipient; readonly accepted: Accepted }> {
  const parsed = await parseCertificate(input)
  if ('problem' in parsed) throw new NocturneError(parsed.problem.code, { subject: id })
  const { key } = parsed
  const [problem] = judge(await gatherFacts(key, now, options))
  if (problem) throw new NocturneError(problem.code, { subject: id })
  const recipient = {
    id,
    fingerprint: key.getFingerprint(),
    certificate: key.armor(),
    takesSeipd2: await takesSeipd2(key, now, options),
    policy: options,
  } as Recipient
  const accepted = { certificate: key }
  acceptedOf.set(recipient, accepted)
  return { recipient, accepted }
}

const PASSING: ReadonlySet<CertificateProblem> = new Set([
  'certificate_revoked',
  'certificate_expired',
  'certificate_not_yet_valid',
  'certificate_cannot_encrypt',
  'certificate_cannot_sign',
])

const finding = (code: CertificateProblem, reason: string): CertificateFinding => ({
  code,
  reason,
  isPassing: PASSING.has(code),
})

function judge(facts: Facts): CertificateFinding[] {
  const broken = (rules: readonly Rule[]): CertificateFinding[] =>
    rules
      .filter((rule) => rule.isBroken(facts))
      .map(({ code, reason }) => finding(code, reason(facts)))
  const ofPrimary = broken(PRIMARY_RULES)
  return ofPrimary.length > 0 ? ofPrimary : broken(ENCRYPTION_RULES).slice(0, 1)
}
