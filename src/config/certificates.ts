import { CATALOGUE } from '../lib/errors.js'
import type { CertificateReport } from '../seal/keys/index.js'
import type { SiteDraft } from './yaml/draft.js'
import { shorten } from './yaml/expectations.js'
import { readText, resolvePath } from './files.js'
import type { KeyPolicy, SiteProblem } from './site-config.js'

export type InspectCertificate = (armored: string, policy: KeyPolicy) => Promise<CertificateReport>

/** The default when the site says nothing. */
export const NO_POLICY: KeyPolicy = { allowRsa2048: false, fips: false }

/** A certificate of the site that could be read, with the policy's current verdict. */
export interface SiteCertificate {
  /** Principal ID, or `recovery`. */
  readonly principal: string
  /** As written in the YAML. */
  readonly file: string
  readonly armored: string
  readonly report: CertificateReport
}

/**
 * Reads and inspects the certificates of facilities, people and recovery. Expired and revoked ones
 * are `unfit`: nothing is sealed to them, but they do not keep the gateway from starting, since
 * that would leave every other group without its studies.
 */
export async function readCertificates(
  dir: string,
  site: SiteDraft,
  inspect: InspectCertificate,
): Promise<{
  certificates: SiteCertificate[]
  problems: SiteProblem[]
  unfit: SiteProblem[]
}> {
  const problems: SiteProblem[] = []
  const unfit: SiteProblem[] = []
  const certificates: SiteCertificate[] = []
  // Read one after another: each is small, and a site may have thousands.
  for (const { principal, file } of named(site)) {
    const reading = await readText(
      resolvePath(dir, file),
      shorten(file),
      `save the certificate of ${principal} there: the .pub.asc file from \`nocturne key new\`, or an export in ASCII armor`,
    )
    if (reading.problem) {
      problems.push({ path: shorten(file), ...reading.problem })
      continue
    }
    const report = await inspect(reading.text, site.keys ?? NO_POLICY)
    certificates.push({ principal, file, armored: reading.text, report })
    for (const { code, reason, isPassing } of report.problems)
      (isPassing ? unfit : problems).push({
        path: shorten(file),
        problem: `${CATALOGUE[code].title} (${principal}: ${reason})`,
        hint: HINTS[code](principal),
      })
  }
  return { certificates, problems: [...problems, ...shared(certificates)], unfit }
}

/** As written in the YAML. */
export const certificateFiles = (site: SiteDraft): string[] => named(site).map(({ file }) => file)

function named(site: SiteDraft): { principal: string; file: string }[] {
  const entries = [
    ...site.facilities.map(({ id, certificate }, at) => [id ?? `facilities[${at}]`, certificate]),
    ...site.people.map(({ id, certificate }, at) => [id ?? `people[${at}]`, certificate]),
    ['recovery', site.recovery],
  ] as const
  return entries.flatMap(([principal = '', file]) =>
    file === undefined ? [] : [{ principal, file }],
  )
}

/**
 * The holder of a key can sign in as, and open items for, every principal that it belongs to: a
 * reader with the facility's key could open the crosswalk. So each principal has its own.
 */
function shared(certificates: readonly SiteCertificate[]): SiteProblem[] {
  return certificates.flatMap(({ principal, file, report }, index) => {
    const first = certificates.findIndex(
      (one) => one.report.fingerprint !== '' && one.report.fingerprint === report.fingerprint,
    )
    const other = certificates[first]
    if (other === undefined || first >= index) return []
    return [
      {
        path: shorten(file),
        problem: `${principal} has the same certificate as ${other.principal}`,
        hint: `make a separate key for ${principal}: nocturne key new --name ${principal} --out ${principal}.asc`,
      },
    ]
  })
}

const renew = (principal: string) =>
  `get a new certificate from ${principal} and compare its fingerprint over a second channel`

const HINTS: Readonly<
  Record<CertificateReport['problems'][number]['code'], (principal: string) => string>
> = {
  certificate_unreadable: (principal) => `export the certificate of ${principal} in ASCII armor`,
  certificate_unsupported: renew,
  certificate_no_user_id: (principal) =>
    `ask ${principal} to add a user ID (gpg --quick-add-uid) and export the certificate again`,
  certificate_several: (principal) => `export the certificate of ${principal} alone into this file`,
  certificate_is_secret: (principal) =>
    `remove it and use only the certificate; ask ${principal} to make a new key, because this one has been shared`,
  certificate_expired: renew,
  certificate_not_yet_valid: () => 'check the clocks of both machines, or wait until it is valid',
  certificate_revoked: renew,
  certificate_weak: renew,
  certificate_cannot_encrypt: renew,
  certificate_cannot_sign: renew,
}
