import { resolve } from 'node:path'
import { NocturneError } from '../lib/errors.js'
import type { StoreConfig } from '../store/index.js'
import { readAttributeRecipients } from './attribute-recipients.js'
import type { RecipientsReading } from './attribute-recipients.js'
import { buildConfig, buildStore } from './build.js'
import { NO_POLICY, readCertificates, certificateFiles } from './certificates.js'
import { checkAuthorities } from './authorities.js'
import { checkDoorFiles } from './doors.js'
import type { InspectCertificate, SiteCertificate } from './certificates.js'
import { clockProblems, placeProblems } from './surroundings.js'
import { resolveDatabase } from './yaml/database.js'
import { readDraft } from './yaml/draft.js'
import type { SiteDraft } from './yaml/draft.js'
import { readEnvironment } from './env.js'
import type { EnvironmentReading } from './env.js'
import { formatPath } from './yaml/expectations.js'
import { readText, resolvePath } from './files.js'
import type { KeyPolicy, Secrets, Site, SiteProblem } from './site-config.js'
import { readProfiles } from './profiles.js'
import { checkModes } from './modes.js'
import type { ProfileReader } from './profiles.js'
import { checkReferences } from './yaml/references.js'
import type { Finding } from './yaml/finding.js'
import { readSecrets } from './secrets.js'
import type { SecretsReading } from './secrets.js'
import { readShape } from './yaml/shape.js'
import { checkSinks } from './sinks.js'
import { EXAMPLE_SITE, SITE_FILE } from './site-file.js'
import { checkTls } from './tls.js'
import { readYaml } from '../lib/yaml.js'
import type { YamlReading } from '../lib/yaml.js'

/** What this room needs from other rooms. */
export interface SiteRooms extends ProfileReader {
  /** Provided by the room seal. */
  readonly inspectCertificate: InspectCertificate
  /** When the certificates, keys and files that the site names must be valid. */
  readonly now: Date
}

/**
 * A site as far as it could be read, so that the services it names can be checked even if something
 * else is wrong.
 */
export interface SiteSurvey {
  readonly problems: readonly SiteProblem[]
  /**
   * Expired or revoked certificates: nothing can be sealed to their owners, but everything else
   * works.
   */
  readonly unfit: readonly SiteProblem[]
  /** Files that users of a group can change; those that every user can change are problems. */
  readonly loose: readonly SiteProblem[]
  /** Undefined if there is any problem. */
  readonly site: Site | undefined
  /** Absolute. */
  readonly dir: string
  readonly name: string | undefined
  readonly database: string | undefined
  readonly databasePassword: string | undefined
  readonly store: StoreConfig | undefined
  readonly certificates: readonly SiteCertificate[]
  readonly tlsExpiresAt: Date | undefined
  /** Of the certificates that attributes are encrypted to. */
  readonly attributeExpiries: RecipientsReading['expiries']
  /** Secrets, like `databasePassword`: for checks, never for printing. */
  readonly ledgerKey: string | undefined
  readonly gatewayKey: string | undefined
  readonly keyPolicy: KeyPolicy
}

export class SiteInvalidError extends NocturneError {
  readonly problems: readonly SiteProblem[]

  constructor(problems: readonly SiteProblem[]) {
    super('site_invalid')
    this.problems = problems
  }
}

/**
 * The site in `dir`, with the overrides of the environment.
 *
 * @throws SiteInvalidError with every error that can be found, not only the first.
 */
export async function loadSite(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  rooms: SiteRooms,
): Promise<Site> {
  const { site, problems } = await surveySite(dir, env, rooms)
  if (site === undefined) throw new SiteInvalidError(problems)
  return site
}

/** The same without throwing, for `nocturne check`. */
export async function surveySite(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  rooms: SiteRooms,
): Promise<SiteSurvey> {
  const root = resolve(dir)
  const file = await readText(
    resolvePath(root, SITE_FILE),
    SITE_FILE,
    `give the folder of a site with --site, or create one: nocturne init ${dir}`,
  )
  // Without it the folder is not a site, and everything else would be reported as missing too.
  if (file.problem) return notASite(root, { path: SITE_FILE, ...file.problem })

  const yaml = readYaml(file.text, SITE_FILE, EXAMPLE_SITE)
  const environment = await readEnvironment(yaml.value, env)
  const draft = readDraft(environment.value)
  const named = await readNamed(root, draft, rooms)
  const { certificates, attributes, secrets, tls, modes } = named

  // Interpreting the text of a broken file would only cause false alarms.
  const isReadable = yaml.value !== undefined
  const shape = isReadable ? readShape(environment.value) : undefined
  const inYaml = isReadable
    ? [
        ...(shape?.problems ?? []),
        ...checkReferences(draft),
        ...passwordInYaml(draft, environment),
        ...named.findings,
      ]
    : []
  const problems = [
    ...yaml.problems,
    ...inYaml.map((one) => place(one, environment, yaml)),
    ...environment.problems,
    ...named.problems,
  ]
  const parts = {
    certificates: certificates.certificates,
    profiles: named.profiles,
    recipients: attributes.recipients,
    s3: environment.s3,
  }
  const config = shape?.file && buildConfig(root, shape.file, parts)
  const databasePassword = environment.databasePassword ?? draft.database?.password
  const whole = wholeSecrets(secrets, databasePassword)
  return {
    problems,
    unfit: certificates.unfit,
    loose: modes.warnings,
    site: problems.length === 0 && config && whole ? { config, secrets: whole } : undefined,
    dir: root,
    name: draft.gateway.name,
    database: draft.database && resolveDatabase(draft.database.url, root),
    databasePassword,
    store: draft.store && buildStore(root, draft.store, environment.s3),
    certificates: certificates.certificates,
    tlsExpiresAt: tls?.expiresAt,
    attributeExpiries: attributes.expiries,
    ledgerKey: secrets.ledgerKey,
    gatewayKey: secrets.gatewayKey,
    keyPolicy: draft.keys ?? NO_POLICY,
  }
}

/** The files that a site's YAML names, and its secrets, each read as far as it can be. */
async function readNamed(root: string, draft: SiteDraft, rooms: SiteRooms) {
  const facilities = draft.facilities.flatMap(({ id }) => (id === undefined ? [] : [id]))
  const { now } = rooms
  const { profiles, findings, ...inProfiles } = await readProfiles(root, draft, rooms)
  const certificates = await readCertificates(root, draft, rooms.inspectCertificate)
  const attributes = await readAttributeRecipients(root, draft, profiles, now)
  const secrets = await readSecrets(root, facilities)
  const modes = await checkModes(root, certificateFiles(draft))
  const tls = draft.gateway.tls && (await checkTls(root, draft.gateway.tls, now))
  return {
    ...{ profiles, certificates, attributes, secrets, tls, modes },
    /** At fault in the YAML itself. */
    findings: [...findings, ...attributes.findings],
    problems: [
      ...inProfiles.problems,
      ...certificates.problems,
      ...attributes.problems,
      ...secrets.problems,
      ...modes.problems,
      ...(tls?.problems ?? []),
      ...(await checkSinks(root, draft, now)),
      ...(await checkDoorFiles(root, draft, now)),
      ...(await checkAuthorities(root, draft, now)),
      ...clockProblems(now),
      ...placeProblems(root, draft),
    ],
  }
}

const notASite = (dir: string, problem: SiteProblem): SiteSurvey => ({
  problems: [problem],
  unfit: [],
  loose: [],
  site: undefined,
  dir,
  name: undefined,
  database: undefined,
  databasePassword: undefined,
  store: undefined,
  certificates: [],
  tlsExpiresAt: undefined,
  attributeExpiries: [],
  ledgerKey: undefined,
  gatewayKey: undefined,
  keyPolicy: NO_POLICY,
})

/** Where to find it: the line in the YAML, or the variable that replaced it. */
function place(
  { at, problem, hint }: Finding,
  { replaced }: EnvironmentReading,
  yaml: YamlReading,
): SiteProblem {
  const variable = replaced.get(at.join('.'))
  if (variable !== undefined) return { path: variable, problem, hint }
  const line = yaml.lineOf(at)
  return {
    path: formatPath(at) || SITE_FILE,
    ...(line !== undefined && { line }),
    problem,
    hint,
  }
}

function passwordInYaml(draft: SiteDraft, { replaced }: EnvironmentReading): Finding[] {
  if (draft.database?.password === undefined || replaced.has('database')) return []
  return [
    {
      at: ['database'],
      problem: 'contains a password, which is not allowed in YAML',
      hint: 'remove it here, treat it as compromised, and set a new one in the environment: NOCTURNE_DATABASE_PASSWORD, or NOCTURNE_DATABASE_PASSWORD_FILE',
    },
  ]
}

function wholeSecrets(
  { ledgerKey, gatewayKey, facilities, retired }: SecretsReading,
  databasePassword: string | undefined,
): Secrets | undefined {
  if (ledgerKey === undefined || gatewayKey === undefined) return undefined
  return {
    ledgerKey,
    gatewayKey,
    facilities,
    retired,
    ...(databasePassword !== undefined && { databasePassword }),
  }
}
