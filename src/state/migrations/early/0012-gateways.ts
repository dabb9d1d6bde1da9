/**
 * The gateways currently using the database; one with another schema version must not join them.
 */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'

export function gateways({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('gateways')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('software', 'text', (c) => c.notNull())
          .addColumn('schema', 'text', (c) => c.notNull())
          .addColumn('lease_until', integer, (c) => c.notNull()),
      ).execute()
    },
  }
}
