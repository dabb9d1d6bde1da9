/** Notes on cases. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'
import { indexOn } from '../indexes.js'

export function notes({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('case_notes')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('case_id', 'text', (c) => c.notNull())
          .addColumn('code', 'text', (c) => c.notNull())
          .addColumn('author', 'text', (c) => c.notNull())
          .addColumn('message', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('noted_at', integer, (c) => c.notNull()),
      ).execute()
      await indexOn(db, 'case_notes', ['case_id', 'id'])
    },
  }
}
