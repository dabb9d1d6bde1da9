/** Reminders that were given, so that each is given once. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function reminders({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('reminders')
          .addColumn('key', 'text', (c) => c.primaryKey().notNull())
          .addColumn('given_at', integer, (c) => c.notNull()),
      ).execute()
    },
  }
}
