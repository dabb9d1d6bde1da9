/** Records instances deposited one at a time, for storage commitment. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function deposits({ finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('deposits')
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('handle', 'text', (c) => c.notNull())
          .addColumn('sop_class', 'text', (c) => c.notNull())
          .addColumn('transfer', 'text', (c) =>
            c.notNull().references('transfers.id').onDelete('cascade'),
          )
          .addPrimaryKeyConstraint('deposits_pk', ['facility', 'handle']),
      ).execute()
    },
  }
}
