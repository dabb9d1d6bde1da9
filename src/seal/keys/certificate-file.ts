import { PublicKey, readKeys } from 'openpgp'
import type { Key } from 'openpgp'
import type { CertificateFinding } from './recipient.js'
import { binaryOf, textOf } from '../input.js'
import { TAG } from '../packets.js'
import { lenient } from './policy.js'

/** A certificate with hundreds of third-party certifications takes about 200 KB. */
const MAX_BYTES = 1024 * 1024
const MAX_SUBKEYS = 64
const MAX_USER_IDS = 64

const unreadable = (reason: string): { readonly problem: CertificateFinding } => ({
  problem: { code: 'certificate_unreadable', reason, isPassing: false },
})

const several: { readonly problem: CertificateFinding } = {
  problem: {
    code: 'certificate_several',
    reason: 'it holds several certificates; give one file each',
    isPassing: false,
  },
}

const isSecret = {
  problem: { code: 'certificate_is_secret', reason: 'it holds a secret key', isPassing: false },
} as const

/**
 * Parses a single certificate, armored or binary, or returns why the content is not one. Does not
 * apply the policy.
 */
export async function parseCertificate(
  input: string | Uint8Array,
): Promise<{ readonly key: PublicKey } | { readonly problem: CertificateFinding }> {
  if (input.length > MAX_BYTES) return unreadable('it is larger than any certificate')
  const text = textOf(input)
  if (
    text === undefined
      ? holdsSecretKey(binaryOf(input))
      : text.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')
  )
    return isSecret
  // openpgp reads only the first armored block and ignores the others.
  const blocks = text?.match(/^-----BEGIN /gm)?.length ?? 1
  if (blocks > 1) return several
  let keys: Key[]
  try {
    keys =
      text === undefined
        ? await readKeys({ binaryKeys: binaryOf(input), config: lenient })
        : await readKeys({ armoredKeys: text, config: lenient })
  } catch {
    return unreadable('it is not an OpenPGP certificate')
  }
  const [key, ...others] = keys
  if (!(key instanceof PublicKey)) return unreadable('it is not an OpenPGP certificate')
  if (others.length > 0) return several
  if (key.isPrivate()) return isSecret
  if (key.subkeys.length > MAX_SUBKEYS || key.users.length > MAX_USER_IDS)
    return unreadable('it has more subkeys or user IDs than any certificate in use')
  return { key }
}

function holdsSecretKey([header = 0]: Uint8Array): boolean {
  return ((header & 0x40) !== 0 ? header & 0x3f : (header >> 2) & 0x0f) === TAG.secretKey
}
