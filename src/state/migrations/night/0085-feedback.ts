/** Feedback on reports. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'
import { indexOn } from '../indexes.js'

export function feedback({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('report_feedback')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('report', 'text', (c) => c.notNull())
          .addColumn('code', 'text', (c) => c.notNull())
          .addColumn('author', 'text', (c) => c.notNull())
          .addColumn('giver', 'text', (c) => c.notNull())
          .addColumn('message', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('given_at', integer, (c) => c.notNull())
          .addColumn('read_at', integer),
      ).execute()
      await indexOn(db, 'report_feedback', ['author', 'id'])
      await indexOn(db, 'report_feedback', ['giver', 'id'])
    },
  }
}
