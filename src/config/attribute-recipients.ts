import { X509Certificate } from 'node:crypto'
import type { BitString, OctetString } from 'asn1js'
import type { Certificate } from 'pkijs'
import type { AttributeRecipient } from '../deidentify/index.js'
import type { Profile } from '../deidentify/rules/index.js'
import type { SiteDraft } from './yaml/draft.js'
import { shorten } from './yaml/expectations.js'
import { readText, resolvePath } from './files.js'
import type { SiteProblem } from './site-config.js'
import type { Finding } from './yaml/finding.js'

export interface RecipientsReading {
  /** By the path of their certificates in the YAML. */
  readonly recipients: ReadonlyMap<string, AttributeRecipient>
  /** Files and the expiry of their certificates, for warnings. */
  readonly expiries: readonly { readonly file: string; readonly expiresAt: Date }[]
  readonly findings: readonly Finding[]
  readonly problems: readonly SiteProblem[]
}

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
/** Bits of RFC 5280 section 4.2.1.3, counted from the left. */
const KEY_ENCIPHERMENT = 0x20
const MIN_BITS = 2048
/** With these sizes, the public-key operation per instance stays well under a millisecond. */
const MAX_BITS = 8192

const MAKE =
  'on a machine of the facility, run: openssl req -x509 -newkey rsa:3072 -days 1095 -subj /CN=facility -keyout facility.key.pem -out facility.x509.pem and use facility.x509.pem here'

/** Rules whose profile would remove a link that a facility wants kept. */
function unlinkedRules(
  { facilities, intake }: SiteDraft,
  profiles: ReadonlyMap<string, Profile>,
): Finding[] {
  const keepers = facilities.flatMap(({ id, encryptedAttributes }) =>
    encryptedAttributes === undefined ? [] : (id ?? []),
  )
  return (intake?.rules ?? []).flatMap(({ when, then: { profile } }, index): Finding[] => {
    if (profile === undefined || profiles.get(profile)?.links !== 'transfer') return []
    const facility = keepers.find((id) => when.facility?.includes(id) ?? true)
    if (facility === undefined) return []
    return [
      {
        at: ['intake', 'rules', index, 'then', 'profile'],
        problem: `keeps no link to the patient, but ${facility} has encryptedAttributes`,
        hint: 'choose a profile with links: facility, such as pseudonymize, or limit the rule to other facilities with when.facility',
      },
    ]
  })
}

/**
 * Who can open the Encrypted Attributes (0400,0500) of a facility's instances: the X.509
 * certificates in nocturne.yaml.
 */
export async function readAttributeRecipients(
  dir: string,
  site: SiteDraft,
  profiles: ReadonlyMap<string, Profile>,
  now: Date,
): Promise<RecipientsReading> {
  const recipients = new Map<string, AttributeRecipient>()
  const expiries: { file: string; expiresAt: Date }[] = []
  const findings: Finding[] = []
  const problems: SiteProblem[] = []
  const seen = new Set<string>()
  findings.push(...unlinkedRules(site, profiles))
  for (const [index, { encryptedAttributes: paths, profile }] of site.facilities.entries()) {
    if (paths === undefined) continue
    if (profile !== undefined && profiles.get(profile)?.links === 'transfer')
      findings.push({
        at: ['facilities', index, 'encryptedAttributes'],
        problem: `keeps a link to the patient, which the profile ${shorten(profile)} does not allow`,
        hint: 'remove it, or choose a profile with links: facility, such as pseudonymize',
      })
    for (const path of paths) {
      if (seen.has(path)) continue
      seen.add(path)
      const file = shorten(path)
      const reading = await readText(resolvePath(dir, path), file, MAKE)
      if (reading.problem) {
        problems.push({ path: file, ...reading.problem })
        continue
      }
      const { recipient, expiresAt, problem } = await readRecipient(reading.text, now)
      if (problem) problems.push({ path: file, ...problem })
      else {
        recipients.set(path, recipient)
        expiries.push({ file, expiresAt })
      }
    }
  }
  return { recipients, expiries, findings, problems }
}

export type RecipientReading =
  | {
      readonly recipient: AttributeRecipient
      readonly expiresAt: Date
      readonly problem?: undefined
    }
  | {
      readonly recipient?: undefined
      readonly expiresAt?: undefined
      readonly problem: Omit<SiteProblem, 'path'>
    }

/** The recipient for an X.509 certificate in PEM; for the command line, which has no site. */
export async function readRecipient(text: string, now: Date): Promise<RecipientReading> {
  const wrong = (problem: string, hint: string): RecipientReading => ({
    problem: { problem, hint },
  })
  if (text.includes('PRIVATE KEY'))
    return wrong(
      'contains a private key, which only the facility may have',
      `remove it and make a new key pair, because this key has been shared: ${MAKE}`,
    )
  const found = await parse(text)
  if (found === undefined) return wrong('is not an X.509 certificate in PEM', MAKE)
  const { certificate, details } = found
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  if (to <= now.getTime())
    return wrong(
      `the certificate expired on ${new Date(to).toISOString()}`,
      `renew the certificate: ${MAKE}`,
    )
  if (from > now.getTime())
    return wrong(
      `the certificate is valid only from ${new Date(from).toISOString()}`,
      'check the clocks of both machines, or wait until it is valid',
    )
  const { publicKey } = certificate
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  // RSA is the only key transport by certificate in PS3.15 E.1.1.
  if (publicKey.asymmetricKeyType !== 'rsa')
    return wrong(
      'is not the certificate of an RSA key, the only kind that PS3.15 E.1.1 allows',
      MAKE,
    )
  if (bits < MIN_BITS || bits > MAX_BITS)
    return wrong(
      `has an RSA key of ${bits} bits, but ${MIN_BITS} to ${MAX_BITS} bits are required`,
      MAKE,
    )
  const usage = details.extensions?.find(({ extnID }) => extnID === KEY_USAGE)
  const bitString = usage?.parsedValue as BitString | undefined
  if (bitString && ((bitString.valueBlock.valueHexView[0] ?? 0) & KEY_ENCIPHERMENT) === 0)
    return wrong('is a certificate whose key usage does not include key encipherment', MAKE)
  const named = details.extensions?.find(({ extnID }) => extnID === SUBJECT_KEY_IDENTIFIER)
  const keyId = (named?.parsedValue as OctetString | undefined)?.valueBlock.valueHexView
  if (keyId === undefined || keyId.length === 0 || keyId.length > 64)
    return wrong(
      'has no subject key identifier, so every instance would contain its issuer and thus name the facility',
      MAKE,
    )
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const recipient = { publicKey: pem, keyId: Buffer.from(keyId).toString('hex') }
  return { recipient, expiresAt: new Date(to) }
}

/**
 * Key and times are read by Node; the extensions, which Node does not expose, by pkijs, loaded only
 * for sites that need it.
 */
async function parse(
  text: string,
): Promise<{ certificate: X509Certificate; details: Certificate } | undefined> {
  const { Certificate } = await import('pkijs')
  try {
    const certificate = new X509Certificate(text)
    return { certificate, details: Certificate.fromBER(certificate.raw) }
  } catch {
    return undefined
  }
}
