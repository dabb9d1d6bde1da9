import { setTimeout as sleep } from 'node:timers/promises'
import type { Dialect } from 'kysely'
import { Kysely, sql } from 'kysely'
import { NocturneError } from '../lib/errors.js'
import { attempt } from './attempt.js'
import { asUnavailable, isRetryable } from './failures.js'
import type { State, Tx } from './contract.js'
import { migrate, migrationsFor } from './migrate.js'
import type { Migrations } from './migrate.js'
import { ENGINES } from './migrations/engine.js'
import type { Engine } from './migrations/engine.js'
import type { Tables } from './tables/schema.js'
import { Lease } from './sharing.js'
import type { OlderGateways } from './sharing.js'
import { prepareFile, sqliteDialect } from './sqlite.js'

export interface StateOptions extends OlderGateways {
  /** Password for PostgreSQL, if not in the URL. */
  readonly password?: string
  /** PostgreSQL: maximum number of open connections, half of them for reading; 10 by default. */
  readonly connections?: number
  /** The migrations of this build, unless a test substitutes those of another build. */
  readonly migrationsFor?: (engine: Engine) => Migrations
}

/** How long a transaction is retried when the database asks for it. */
const RETRY_FOR_MS = 10_000

/**
 * Opens `sqlite:/absolute/path` (created if missing, in an existing folder) or `postgres://...`,
 * and brings the schema up to date.
 *
 * @throws NocturneError `database_unavailable`, `database_unusable`, `database_newer`,
 *   `database_untrusted`, `database_not_scram`, `gateways_older`; `site_invalid` for any other kind
 *   of URL
 */
export async function openState(url: string, options: StateOptions = {}): Promise<State> {
  const { kind, dialect } = await dialectsOf(url, options)
  const engine = ENGINES[kind]
  const migrations = (options.migrationsFor ?? migrationsFor)(engine)
  const writer = new Kysely<Tables>({ dialect: dialect('write') })
  const db = new Kysely<Tables>({ dialect: dialect('read') })
  const close = async () => {
    await db.destroy()
    await writer.destroy()
  }
  const ping = async () => {
    await sql`select 1`.execute(db)
  }
  try {
    await retry(() => migrate(writer, engine, migrations, options))
    await ping()
  } catch (error) {
    await close().catch(() => undefined)
    throw asUnavailable(error)
  }
  let lease: Lease | undefined
  const inTransaction = <T>(change: (tx: Tx) => Promise<T>): Promise<T> =>
    retry(() => writer.transaction().execute(change))
  return {
    kind,
    db,
    transaction: (change) =>
      inTransaction(async (tx) => {
        await lease?.confirm(tx)
        return change(tx)
      }),
    join: async (joining) => {
      const joined = new Lease(joining, engine, Object.keys(migrations))
      await inTransaction((tx) => joined.renew(tx))
      lease = joined
      return {
        renew: () => inTransaction((tx) => joined.renew(tx)),
        leave: () => inTransaction((tx) => joined.end(tx)),
      }
    },
    attempt,
    ping,
    serverTime: () => (kind === 'postgres' ? serverTime(db) : Promise.resolve(undefined)),
    close,
  }
}

async function serverTime(db: Kysely<Tables>): Promise<number | undefined> {
  const { rows } = await sql<{
    at: number
  }>`select cast(date_part('epoch', clock_timestamp()) * 1000 as bigint) as at`.execute(db)
  return rows[0]?.at
}

interface Dialects {
  readonly kind: State['kind']
  readonly dialect: (access: 'read' | 'write') => Dialect
}

async function dialectsOf(url: string, options: StateOptions): Promise<Dialects> {
  const path = /^sqlite:(\/.+)$/.exec(url)?.[1]
  if (path !== undefined) {
    try {
      await prepareFile(path)
    } catch (error) {
      throw new NocturneError('database_unusable', { cause: error })
    }
    return { kind: 'sqlite', dialect: (access) => sqliteDialect(path, access) }
  }
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new NocturneError('site_invalid', { subject: 'database' })
  const target = withPassword(url, options.password)
  // Loaded only when needed: a site on SQLite does not use it.
  const [{ postgresDialect }, { secureTarget }] = await Promise.all([
    import('./postgres.js'),
    import('./postgres-secure.js'),
  ])
  const secured = await secureTarget(target)
  const connections = Math.max(1, Math.floor((options.connections ?? 10) / 2))
  return {
    kind: 'postgres',
    dialect: (access) => postgresDialect({ target: secured, access, connections }),
  }
}

/** Added as a parameter, which also works for URLs without a host (Unix sockets). */
function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url
  return `${url}${url.includes('?') ? '&' : '?'}password=${encodeURIComponent(password)}`
}

/** Retries as long as the database asks for it, with short, growing and randomized pauses. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + RETRY_FOR_MS
  for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    try {
      return await work()
    } catch (error) {
      if (!isRetryable(error)) throw error
      if (performance.now() > deadline)
        throw new NocturneError('database_unavailable', { cause: error })
    }
    await sleep(pauseMs * Math.random())
  }
}
