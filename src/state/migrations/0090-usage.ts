/** How much each facility has sent, by the hour, to sum a day without looking at its transfers. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function usage({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('usage')
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('hour', integer, (c) => c.notNull())
          .addColumn('bytes', integer, (c) => c.notNull())
          .addPrimaryKeyConstraint('usage_pk', ['facility', 'hour']),
      ).execute()
    },
  }
}
