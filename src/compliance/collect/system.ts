/**
 * Collects facts about the running system by testing it. Each part runs separately, so a failure
 * does not affect the others.
 */
import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { SiteConfig } from '../../config/index.js'
import type { VerifyReport } from '../../ledger/log/index.js'
import type { SystemFacts } from '../facts.js'

export interface SystemSources {
  readonly config: Pick<SiteConfig, 'dir' | 'database'>
  /** Version of Node.js. */
  readonly node: string
  readonly verifyLedger: () => Promise<VerifyReport>
  readonly tokens: () => Promise<
    readonly (SystemFacts['tokens'][number] & { readonly revokedAt: number | undefined })[]
  >
  /** Samples objects of the store and reads them. */
  readonly sample: () => Promise<NonNullable<SystemFacts['objects']>>
  /** Probes the gateway by connecting to it. */
  readonly probe: () => Promise<NonNullable<SystemFacts['endpoint']>>
}

export async function systemFacts(sources: SystemSources): Promise<SystemFacts> {
  const { config } = sources
  const [ledger, endpoint, objects, looseFiles, strayKeys, tokens] = await Promise.all([
    whole(sources.verifyLedger()),
    whole(sources.probe()),
    whole(sources.sample()),
    findLoose(config),
    findStray(config.dir),
    sources.tokens(),
  ])
  return {
    node: sources.node,
    ledger: ledger && {
      ...{ ok: ledger.ok, size: ledger.size },
      ...(ledger.problem !== undefined && { problem: ledger.problem }),
    },
    ...{ endpoint, objects, looseFiles, strayKeys },
    tokens: tokens
      .filter(({ revokedAt }) => revokedAt === undefined)
      .map(({ revokedAt: _, ...token }) => token),
  }
}

const whole = async <T>(found: Promise<T>): Promise<T | undefined> => found.catch(() => undefined)

/** Secrets and database files that other users of the machine can access. */
async function findLoose({ dir, database }: SystemSources['config']): Promise<string[]> {
  const secrets = await filesBelow(join(dir, 'secrets'))
  const file = database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : undefined
  const loose: string[] = []
  for (const path of [...secrets, ...(file === undefined ? [] : [file])])
    if ((await isOpen(path)) && (await isOpen(join(path, '..'))))
      loose.push(`${relative(dir, path)} (${await modeOf(path)})`)
  return loose
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
}

/** Windows has no such file modes. */
const isOpen = async (path: string): Promise<boolean> =>
  process.platform !== 'win32' &&
  stat(path).then(
    ({ mode }) => (mode & 0o077) !== 0,
    () => false,
  )

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8).padStart(4, '0')

/**
 * Keys created by `init` that should have been moved away, and private keys among the certificates.
 */
async function findStray(dir: string): Promise<string[]> {
  const known = await Promise.all(
    ['recovery-key.asc', 'demo-keys'].map((name) =>
      lstat(join(dir, name)).then(
        () => [name],
        () => [],
      ),
    ),
  )
  const stray = known.flat()
  for (const path of await filesBelow(join(dir, 'keys'))) {
    const text = await readFile(path, 'latin1').catch(() => '')
    if (text.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) stray.push(relative(dir, path))
  }
  return stray
}
