import type { Kysely, Migration } from 'kysely'
import { Migrator } from 'kysely'
import { sql } from 'kysely'
import { NocturneError } from '../lib/errors.js'
import { initial } from './migrations/0001-initial.js'
import { ledgerOutlets } from './migrations/0002-ledger.js'
import { certificateChanges } from './migrations/0003-certificates.js'
import { recordSearch } from './migrations/0004-records.js'
import { outlets } from './migrations/0005-outlets.js'
import { dutyHours } from './migrations/0007-duty.js'
import { pseudonyms } from './migrations/0008-pseudonyms.js'
import { patientHandles } from './migrations/0009-handles.js'
import { findings } from './migrations/0010-findings.js'
import { gatewayKeys } from './migrations/0011-gateway-keys.js'
import type { Engine } from './migrations/engine.js'
import type { Tables } from './schema.js'

/** In order. One that has shipped is never changed: a further one follows it. */
const migrations = (engine: Engine): Record<string, Migration> => ({
  '0001-initial': initial(engine),
  '0002-ledger': ledgerOutlets(engine),
  '0003-certificates': certificateChanges(engine),
  '0004-records': recordSearch(),
  '0005-outlets': outlets(engine),
  '0007-duty': dutyHours(),
  '0008-pseudonyms': pseudonyms(engine),
  '0009-handles': patientHandles(),
  '0010-findings': findings(),
  '0011-gateway-keys': gatewayKeys(engine),
})

/**
 * Brings the schema up to date, each time in one transaction, so that a crash leaves the old schema or the new.
 * Two gateways that start at once do it one after the other: SQLite by its write lock, PostgreSQL by an advisory one.
 *
 * @throws NocturneError `database_newer` for a database that a newer version has migrated.
 */
export async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const known = migrations(engine)
  if ((await applied(db)).some((name) => !(name in known)))
    throw new NocturneError('database_newer')
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(known) } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error as Error
}

async function applied(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  return rows.map((row) => row.name)
}
