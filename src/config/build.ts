import type { AttributeRecipient } from '../deidentify/index.js'
import type { Profile } from '../deidentify/rules/index.js'
import type { S3StoreConfig, StoreConfig } from '../store/index.js'
import type { SiteCertificate } from './certificates.js'
import { buildDoors, buildPriors } from './doors.js'
import { resolveDatabase } from './yaml/database.js'
import type { SiteDraft } from './yaml/draft.js'
import { resolvePath } from './files.js'
import type { CriticalConfig, GroupConfig, NotifyConfig, SiteConfig } from './site-config.js'
import type { SiteFile } from './yaml/schema.js'
import { buildSinks } from './sinks.js'

export interface Gathered {
  readonly certificates: readonly SiteCertificate[]
  readonly profiles: ReadonlyMap<string, Profile>
  /** Keyed by the path of the certificate. */
  readonly recipients: ReadonlyMap<string, AttributeRecipient>
  readonly s3: S3StoreConfig['credentials'] | undefined
}

/**
 * The configuration for the rooms; undefined when a certificate or a profile could not be read.
 */
export function buildConfig(dir: string, file: SiteFile, parts: Gathered): SiteConfig | undefined {
  const armored = new Map(parts.certificates.map((one) => [one.principal, one.armored]))
  const recovery = armored.get('recovery')
  const facilities = file.facilities.flatMap(
    (one) => buildFacility(one, armored, { ...parts, dir }) ?? [],
  )
  const people = file.people.flatMap((one) => buildPerson(one, armored) ?? [])
  const isWhole =
    facilities.length === file.facilities.length && people.length === file.people.length
  if (recovery === undefined || !isWhole) return undefined
  const profiles = ruleProfiles(file, parts)
  if (profiles === undefined) return undefined
  const { name, listen, tls, origin, metrics } = file.gateway
  return {
    dir,
    gateway: {
      name,
      ...listen,
      ...(tls && {
        tls: {
          cert: resolvePath(dir, tls.cert),
          key: resolvePath(dir, tls.key),
          clientCertificates: tls.clientCertificates,
        },
      }),
      ...(origin !== undefined && { origin }),
      ...(metrics && { metrics }),
    },
    ...(file.proxies && { proxies: file.proxies }),
    database: resolveDatabase(file.database.url, dir),
    store: buildStore(dir, file.store, parts.s3),
    facilities,
    groups: file.groups.map(buildGroup),
    people,
    recovery,
    witnesses: file.witnesses,
    ledger: file.ledger,
    sinks: buildSinks(dir, file.sinks),
    ...(file.textDetector && { textDetector: file.textDetector }),
    doors: buildDoors(dir, file.doors),
    intake: file.intake,
    profiles,
    registers: file.registers,
    officers: file.officers,
    directory: file.directory,
    ...(file.scanner && { scanner: file.scanner.clamd }),
    ...(file.backup && { backup: buildBackup(dir, file.backup) }),
    keys: file.keys,
    limits: file.limits,
    cases: file.cases,
    retention: buildRetention(file.retention),
    notify: buildNotify(dir, file.notify),
    logLevel: file.logLevel,
  }
}

/** Undefined when one could not be read. */
function ruleProfiles(file: SiteFile, { profiles }: Gathered): SiteConfig['profiles'] | undefined {
  const named: Record<string, Profile> = {}
  for (const { then } of file.intake.rules) {
    if (then.profile === undefined) continue
    const profile = profiles.get(then.profile)
    if (profile === undefined) return undefined
    named[then.profile] = profile
  }
  return named
}

type Armored = ReadonlyMap<string, string>

function buildFacility(
  {
    encryptedAttributes: paths,
    releasedBy,
    edges,
    clientCertificates,
    critical,
    documentTypes,
    requisition,
    timezone,
    priors,
    ...one
  }: SiteFile['facilities'][number],
  armored: Armored,
  parts: Gathered & { readonly dir: string },
): SiteConfig['facilities'][number] | undefined {
  const [certificate, profile] = [armored.get(one.id), parts.profiles.get(one.profile)]
  const recipients = paths?.flatMap((path) => parts.recipients.get(path) ?? [])
  if (certificate === undefined || profile === undefined) return undefined
  if (recipients?.length !== paths?.length) return undefined
  return {
    ...one,
    certificate,
    profile,
    ...(recipients && { encryptedAttributes: recipients }),
    ...(releasedBy && { releasedBy }),
    ...(edges && { edges }),
    ...(clientCertificates && { clientCertificates }),
    ...(critical && { critical: buildCritical(critical) }),
    ...(documentTypes && { documentTypes }),
    ...(requisition && { requisition }),
    ...(timezone !== undefined && { timezone }),
    ...(priors && { priors: buildPriors(parts.dir, priors) }),
  }
}

const buildCritical = ({
  contacts,
  failSafe,
  ...withinMs
}: NonNullable<SiteFile['facilities'][number]['critical']>): CriticalConfig => ({
  contacts,
  withinMs,
  ...(failSafe !== undefined && { failSafe }),
})

function buildPerson(
  { id, role, facility, contact }: SiteFile['people'][number],
  armored: Armored,
): SiteConfig['people'][number] | undefined {
  const certificate = armored.get(id)
  if (certificate === undefined) return undefined
  return {
    id,
    role,
    certificate,
    ...(facility !== undefined && { facility }),
    ...(contact && { contact: buildContact(contact) }),
  }
}

const buildContact = ({
  email,
  quiet,
}: NonNullable<SiteFile['people'][number]['contact']>): NonNullable<
  SiteConfig['people'][number]['contact']
> => ({
  ...(email !== undefined && { email }),
  ...(quiet && { quiet }),
})

const buildBackup = (
  dir: string,
  { to, certificate }: NonNullable<SiteFile['backup']>,
): NonNullable<SiteConfig['backup']> => ({
  to: resolvePath(dir, to),
  ...(certificate !== undefined && { certificate: resolvePath(dir, certificate) }),
})

const buildRetention = ({
  closed,
  quarantine,
  reports,
}: SiteFile['retention']): SiteConfig['retention'] => ({
  ...(closed !== undefined && { closed }),
  ...(quarantine !== undefined && { quarantine }),
  ...(reports !== undefined && { reports }),
})

function buildGroup({ duty, coordinators, ...rest }: SiteFile['groups'][number]): GroupConfig {
  const group = { ...rest, ...(coordinators && { coordinators }) }
  if (!duty) return group
  const roster = duty.roster.map(({ reader, backup, weekly, dates }) => ({
    weekly,
    dates,
    ...(reader !== undefined && { reader }),
    ...(backup !== undefined && { backup }),
  }))
  const { sealTo, ...hours } = duty
  return { ...group, duty: { ...hours, roster, ...(sealTo && { sealTo }) } }
}

function buildNotify(dir: string, { smtp, webhooks, push }: SiteFile['notify']): NotifyConfig {
  const at = (path: string): string => resolvePath(dir, path)
  return {
    webhooks: webhooks.map(({ id, url, secretFile }) => ({ id, url, secretFile: at(secretFile) })),
    ...(push && { push }),
    ...(smtp && {
      smtp: {
        ...{ host: smtp.host, port: smtp.port, secure: smtp.secure, from: smtp.from },
        ...(smtp.user !== undefined && { user: smtp.user }),
        ...(smtp.passwordFile !== undefined && { passwordFile: at(smtp.passwordFile) }),
        ...(smtp.ca !== undefined && { ca: at(smtp.ca) }),
      },
    }),
  }
}

/** The store with an absolute path, or with the credentials from the environment. */
export function buildStore(
  dir: string,
  store: NonNullable<SiteDraft['store']>,
  credentials: S3StoreConfig['credentials'] | undefined,
): StoreConfig {
  if (store.kind === 'files') return { kind: 'files', path: resolvePath(dir, store.path) }
  const { kind, bucket, region, endpoint, caFile, forcePathStyle, prefix } = store
  return {
    kind,
    bucket,
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(caFile !== undefined && { caFile: resolvePath(dir, caFile) }),
    ...(forcePathStyle !== undefined && { forcePathStyle }),
    ...(prefix !== undefined && { prefix }),
    ...(credentials && { credentials }),
  }
}
