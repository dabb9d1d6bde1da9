/** Alerts that were raised, so that each is raised once. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function alerts({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('alerts')
          .addColumn('key', 'text', (c) => c.primaryKey().notNull())
          .addColumn('rule', 'text', (c) => c.notNull())
          .addColumn('subject', 'text', (c) => c.notNull())
          .addColumn('raised_at', integer, (c) => c.notNull()),
      ).execute()
    },
  }
}
