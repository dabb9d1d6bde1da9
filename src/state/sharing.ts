/**
 * Ensures that two builds with different schemas never use one database at the same time. Each
 * gateway keeps a row here under a lease. A build with pending migrations refuses to start while
 * others have rows. A build that finds a migration it does not know refuses as well. It looks for
 * one when it opens the database, at each renewal of the lease, and before a transaction when the
 * lease has lapsed: a process that was suspended or cut off may have been taken for dead, and the
 * schema may have changed since.
 *
 * Builds older than migration 0012 keep no row: stop them before starting a later build for the
 * first time.
 */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { NocturneError } from '../lib/errors.js'
import { VERSION } from '../lib/version.js'
import type { Engine } from './migrations/engine.js'
import type { Tables } from './tables/schema.js'

type Queries = Kysely<Tables>

/** Long enough for a database failover, or for clocks that differ by a few seconds. */
const LEASE_MS = 60_000

/** How a build that wants to migrate detects a running older one. */
export interface OlderGateways {
  /**
   * Returns milliseconds since 1970. Without it, every gateway that has not left counts as running.
   */
  readonly now?: (() => number) | undefined
  /** No other gateway can be running, so any remaining rows belong to dead processes. */
  readonly isAlone?: boolean | undefined
}

export interface Joining {
  /** Random ID of this process. */
  readonly id: string
  readonly now: () => number
  /** See `OlderGateways`. */
  readonly isAlone?: boolean
}

/** @throws NocturneError `database_newer`, naming both versions */
export async function refuseNewer(
  db: Queries,
  engine: Engine,
  known: readonly string[],
): Promise<void> {
  const unknown = (await applied(db, engine)).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new NocturneError('database_newer', {
    subject: `the database is at ${newest(unknown)}, nocturne ${VERSION} knows up to ${newest(known)}`,
  })
}

/**
 * Call inside the migrating transaction.
 * @throws NocturneError `gateways_older`, naming the running versions
 */
export async function refuseOlder(
  tx: Queries,
  engine: Engine,
  { now, isAlone = false }: OlderGateways,
): Promise<void> {
  await engine.takeTurn(tx)
  if (!(await engine.hasTable(tx, 'gateways'))) return
  if (isAlone) await tx.deleteFrom('gateways').execute()
  const running = await tx
    .selectFrom('gateways')
    .select(['software', 'schema'])
    .where('lease_until', '>', now?.() ?? 0)
    .distinct()
    .execute()
  if (running.length === 0) return
  const names = running.map(
    ({ software, schema }) => `nocturne ${shown(software)} with ${shown(schema)}`,
  )
  throw new NocturneError('gateways_older', { subject: `running: ${names.sort().join(', ')}` })
}

/** This process's row. Every method runs in the caller's transaction. */
export class Lease {
  readonly #joining: Joining
  readonly #engine: Engine
  readonly #known: readonly string[]
  #until = 0
  #refusal: NocturneError | undefined

  constructor(joining: Joining, engine: Engine, known: readonly string[]) {
    this.#joining = joining
    this.#engine = engine
    this.#known = known
  }

  /**
   * @throws NocturneError `database_newer`, and again on every later call
   */
  async renew(tx: Queries): Promise<void> {
    const { id, now, isAlone = false } = this.#joining
    await this.#engine.takeTurn(tx)
    try {
      await refuseNewer(tx, this.#engine, this.#known)
    } catch (error) {
      if (error instanceof NocturneError && error.code === 'database_newer') this.#refusal = error
      throw error
    }
    const time = now()
    const others = tx.deleteFrom('gateways').where('id', '!=', id)
    await (isAlone ? others : others.where('lease_until', '<', time)).execute()
    const row = { software: VERSION, schema: newest(this.#known), lease_until: time + LEASE_MS }
    await tx
      .insertInto('gateways')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute()
    this.#until = row.lease_until
  }

  /** Call before anything else in a transaction. Costs a query only when the lease has lapsed. */
  async confirm(tx: Queries): Promise<void> {
    if (this.#refusal) throw this.#refusal
    if (this.#joining.now() >= this.#until) await this.renew(tx)
  }

  async end(tx: Queries): Promise<void> {
    await tx.deleteFrom('gateways').where('id', '=', this.#joining.id).execute()
  }
}

async function applied(db: Queries, engine: Engine): Promise<readonly string[]> {
  if (!(await engine.hasTable(db, 'kysely_migration'))) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  return rows.map((row) => row.name)
}

const newest = (names: readonly string[]): string => shown([...names].sort().at(-1) ?? 'none')

/**
 * Sanitizes a name for error messages: the database may hold anything, while versions and migration
 * names match this pattern.
 */
const shown = (name: string): string => (/^[\w.+-]{1,60}$/.test(name) ? name : 'another schema')
