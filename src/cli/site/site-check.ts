/**
 * `nocturne check`: reads the site's files, then tries its services. Each check is independent, so
 * that a missing bucket is reported together with an unknown reader. Opening the database migrates
 * its schema, as `serve` does.
 */
import { lstat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { surveySite } from '../../config/index.js'
import type { SiteProblem, SiteSurvey } from '../../config/index.js'
import { BUILT_IN_PROFILES, loadProfile } from '../../deidentify/rules/index.js'
import { rosterWith, shiftsFrom } from '../../duty/index.js'
import { inspectCertificate } from '../../seal/keys/index.js'
import { expiryWarning } from '../../site/index.js'
import { checkDatabase } from './database-check.js'
import { formatDay } from '../format.js'
import { checkListeners } from './listen-check.js'
import { checkStart } from './start-check.js'
import type { Weakness } from './start-check.js'
import { checkStore } from './store-check.js'
import { checkGatewayKey, GATEWAY_CERTIFICATE } from './gateway-key-check.js'

export interface SiteCheck {
  /** Absolute. */
  readonly dir: string
  readonly problems: readonly SiteProblem[]
  /** Problems that do not keep the gateway from serving yet. */
  readonly warnings: readonly SiteProblem[]
  /** What keeps rows of the self-assessment from being satisfied. */
  readonly weaknesses: readonly Weakness[]
}

/**
 * @param findsWeaknesses verifies the whole ledger and tries the gateway for it; otherwise
 *   `weaknesses` is empty
 */
export async function checkSite(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  now = new Date(),
  findsWeaknesses = true,
): Promise<SiteCheck> {
  const survey = await surveySite(dir, env, {
    now,
    inspectCertificate: (armored, policy) => inspectCertificate(armored, now, policy),
    builtInProfiles: BUILT_IN_PROFILES,
    loadProfile,
  })
  const [key, database, store, listeners] = await Promise.all([
    checkGatewayKey(survey, now),
    checkDatabase(survey, now),
    checkStore(survey),
    checkListeners(survey),
  ])
  const problems = [
    ...survey.problems,
    ...survey.unfit,
    ...key.problems,
    ...database.problems,
    ...store,
  ]
  const canOpen = database.problems.length === 0 && store.length === 0
  // With a problem known already, opening the rooms would only report it again.
  const isSound = problems.length === 0
  const start =
    survey.site && canOpen && (isSound || findsWeaknesses)
      ? await checkStart(survey.site, { now, findsWeaknesses })
      : NOTHING
  const found = isSound ? start : NOTHING
  problems.push(...listeners, ...found.problems)
  return {
    dir: survey.dir,
    problems,
    warnings: [
      ...survey.loose,
      ...expiries(survey, key.signsUntil, now),
      ...unreportable(survey),
      ...withoutName(survey),
      ...rosterGaps(survey, now),
      ...database.warnings,
      ...found.warnings,
      ...(await strayKeys(survey.dir)),
    ],
    weaknesses: start.weaknesses,
  }
}

const NOTHING = { problems: [], warnings: [], weaknesses: [] }

/** Without a crosswalk nobody could say whose report it is, so the gateway takes none. */
const unreportable = ({ site }: SiteSurvey): SiteProblem[] =>
  site?.config.cases.closeOn !== 'reported'
    ? []
    : site.config.facilities
        .filter(({ profile }) => profile.links === 'transfer')
        .map(({ id, profile }) => ({
          path: 'facilities',
          problem: `cases of ${id} can take no report, because its profile ${profile.name} keeps no crosswalk; they stay on the worklist until somebody closes them`,
          hint: 'choose a profile with links: facility, such as pseudonymize, or set cases.closeOn to acknowledged',
        }))

/** Where studies are sealed to the roster, a gap in it seals them to everybody. */
const rosterGaps = ({ site }: SiteSurvey, now: Date): SiteProblem[] =>
  (site?.config.groups ?? []).flatMap((group) => {
    const roster = group.duty?.sealTo === 'roster' ? rosterWith(group, []) : undefined
    if (!roster) return []
    const week = shiftsFrom(roster, now.getTime(), 7)
    const gap = week.find(({ readers, backups }) => readers.length + backups.length === 0)
    if (!gap) return []
    const [from, until] = [gap.from, gap.until].map((at) => new Date(at).toISOString())
    return [
      {
        path: 'groups',
        problem: `${group.id} seals studies to its roster, which names nobody from ${from} until ${until}; those that come long before or after somebody is on duty are sealed to the whole group`,
        hint: 'add readers or backups for these hours, or omit sealTo',
      },
    ]
  })

/** Browsers give a passkey to a domain, never to an address (WebAuthn section 5.1.3). */
function withoutName({ site }: SiteSurvey): SiteProblem[] {
  const { origin } = site?.config.gateway ?? {}
  if (origin === undefined || isIP(new URL(origin).hostname.replace(/^\[|\]$/g, '')) === 0)
    return []
  return [
    {
      path: 'gateway.origin',
      problem: `${origin} is an address, so nobody can protect a key with a passkey in the pages`,
      hint: 'give the gateway a name in your DNS and write that; on this machine alone, http://localhost and the port',
    },
  ]
}

interface Dated {
  readonly path: string
  readonly what: string
  readonly expiresAt: Date | undefined
  readonly hint?: string
}

/** Reminders at 60, 30, 14, 7 and 1 days. */
function expiries(survey: SiteSurvey, signsUntil: Date | undefined, now: Date): SiteProblem[] {
  const dated: readonly Dated[] = [
    ...survey.certificates.map(({ principal, file, report }) => ({
      path: file,
      what: `the certificate of ${principal}`,
      expiresAt: report.usableUntil,
    })),
    {
      path: GATEWAY_CERTIFICATE,
      what: "the gateway's own key",
      expiresAt: signsUntil,
      hint: 'make a new key now, and tell the readers who pinned the old one: nothing can be sent once it has expired',
    },
    { path: 'gateway.tls', what: 'the TLS certificate', expiresAt: survey.tlsExpiresAt },
    ...survey.attributeExpiries.map(({ file, expiresAt }) => ({
      path: file,
      what: 'the certificate that attributes are encrypted to',
      expiresAt,
    })),
  ]
  return dated.flatMap(({ path, what, expiresAt, hint }) => {
    const within = expiryWarning(expiresAt, now)
    if (within === undefined) return []
    return [
      {
        path,
        problem: `${what} expires ${within}, on ${formatDay(expiresAt)}`,
        hint: hint ?? 'get a new one now: sealing fails for the whole group once it has expired',
      },
    ]
  })
}

/** Private keys that `init` created and that should be removed. */
async function strayKeys(dir: string): Promise<SiteProblem[]> {
  const stray = [
    {
      path: 'recovery-key.asc',
      problem: 'the private recovery key is still on the gateway',
      hint: 'copy it to two offline media, read both copies back, then run shred -u recovery-key.asc',
    },
    {
      path: 'demo-keys/',
      problem: "this is a demo site: everyone's private keys are stored on the gateway",
      hint: 'never send a real study through it; create a real site with `nocturne init DIR`',
    },
  ]
  const isThere = await Promise.all(
    stray.map(({ path }) =>
      lstat(join(dir, path)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return stray.filter((_, index) => isThere[index])
}
