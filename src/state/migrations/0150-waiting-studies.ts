/** Studies that wait until a person names their group, and the profile that a rule chose. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function waitingStudies({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('transfers').addColumn('profile', 'text').execute()
      await finish(
        db.schema
          .createTable('waiting_studies')
          .addColumn('transfer', 'text', (c) =>
            c.primaryKey().notNull().references('transfers.id').onDelete('cascade'),
          )
          .addColumn('reason', 'text', (c) => c.notNull())
          .addColumn('since', integer, (c) => c.notNull())
          .addColumn('group_id', 'text')
          .addColumn('priority', 'text')
          .addColumn('assigned_by', 'text')
          .addColumn('assigned_at', integer),
      ).execute()
    },
  }
}
