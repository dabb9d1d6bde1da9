/** Collects facts from the configuration: only those that checks use. */
import type { SiteConfig } from '../../config/index.js'
import type { CertificateReport } from '../../seal/keys/index.js'
import type { CertificateFacts, ConfigurationFacts } from '../facts.js'

/** The seal room's `inspectCertificate`, with the site's policy and the current time applied. */
export type Inspect = (certificate: string) => Promise<CertificateReport>

export async function configurationFacts(
  config: SiteConfig,
  inspect: Inspect,
): Promise<ConfigurationFacts> {
  const { gateway, facilities, groups, people, ledger, limits } = config
  return {
    gateway: {
      name: gateway.name,
      isLoopback: isLocal(gateway.host),
      hasTls: gateway.tls !== undefined,
    },
    database: databaseFacts(config.database),
    store: storeFacts(config.store),
    facilities: facilities.map(({ id, groups: to, documents, profile }) => ({
      ...{ id, groups: to, documents, pixels: profile.pixels },
    })),
    groups: groups.map(({ id, readers, duty }) => ({ id, readers, hasDuty: duty !== undefined })),
    people: people.map(({ id, role, facility }) => ({
      ...{ id, role },
      ...(facility !== undefined && { facility }),
    })),
    certificates: await certificateFacts(config, inspect),
    witnesses: config.witnesses.map(({ name }) => name),
    sinks: config.sinks.map(({ id }) => id),
    retentionYears: ledger.retention.years,
    reviewDays: ledger.review.days,
    failuresPerMinute: limits.failuresPerMinute,
    archiveDepth: limits.archiveDepth,
    allowRsa2048: config.keys.allowRsa2048,
    enforce: config.registers.enforce,
    backupTo: config.backup?.to,
  }
}

export const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.')

/** libpq modes that encrypt or fail; `prefer` and `allow` fall back to plain text. */
const ENCRYPTING = new Set(['require', 'verify-ca', 'verify-full'])

function databaseFacts(url: string): ConfigurationFacts['database'] {
  if (url.startsWith('sqlite:')) return { kind: 'sqlite', isEncryptedOnTheWire: true }
  const { hostname, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? hostname
  const isEncryptedOnTheWire =
    // A host that is a path means a Unix socket.
    host.startsWith('/') || isLocal(host) || ENCRYPTING.has(searchParams.get('sslmode') ?? '')
  return { kind: 'postgres', isEncryptedOnTheWire }
}

function storeFacts(store: SiteConfig['store']): ConfigurationFacts['store'] {
  if (store.kind === 'files') return { kind: 'files', isEncryptedOnTheWire: true }
  const endpoint = store.endpoint === undefined ? undefined : new URL(store.endpoint)
  const isEncryptedOnTheWire =
    endpoint === undefined || endpoint.protocol === 'https:' || isLocal(endpoint.hostname)
  return { kind: 's3', isEncryptedOnTheWire }
}

async function certificateFacts(
  { facilities, people, recovery }: SiteConfig,
  inspect: Inspect,
): Promise<readonly CertificateFacts[]> {
  const holders = [
    ...facilities.map(({ id, certificate }) => ({ principal: id, certificate })),
    ...people.map(({ id, certificate }) => ({ principal: id, certificate })),
    { principal: 'recovery', certificate: recovery },
  ]
  return Promise.all(
    holders.map(async ({ principal, certificate }) => {
      const report = await inspect(certificate)
      return {
        ...{ principal, fingerprint: report.fingerprint },
        usableUntil: report.usableUntil?.getTime(),
        problem: report.problems[0]?.reason,
        algorithm: [...new Set(report.keys.map(({ algorithm }) => algorithm))].join(', '),
      }
    }),
  )
}
