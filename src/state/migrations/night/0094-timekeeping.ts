/** The last time that the site trusted, and spans in which its clock was behind. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'

export function timekeeping({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('time_marks')
          .addColumn('id', 'integer', (c) => c.primaryKey().notNull())
          .addColumn('seen_at', integer, (c) => c.notNull()),
      ).execute()
      await finish(
        db.schema
          .createTable('doubted_spans')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('reason', 'text', (c) => c.notNull())
          .addColumn('read_from', integer, (c) => c.notNull())
          .addColumn('read_until', integer, (c) => c.notNull())
          .addColumn('ended_at', integer),
      ).execute()
    },
  }
}
