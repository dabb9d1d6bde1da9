/** What has expired, and objects that are being removed because of it. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'
import { indexOn } from '../indexes.js'

export function retention({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      for (const column of ['contents_expired_at', 'reports_expired_at'])
        await db.schema.alterTable('cases').addColumn(column, integer).execute()
      await indexOn(db, 'cases', ['state', 'id'])
      await db.schema.alterTable('case_reports').addColumn('expired_at', integer).execute()
      await finish(
        db.schema
          .createTable('removals')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('what', 'text', (c) => c.notNull())
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text')
          .addColumn('transfer', 'text')
          .addColumn('patient', 'text')
          .addColumn('detail', 'text', (c) => c.notNull())
          .addColumn('objects', 'text', (c) => c.notNull())
          .addColumn('begun_at', integer, (c) => c.notNull()),
      ).execute()
    },
  }
}
