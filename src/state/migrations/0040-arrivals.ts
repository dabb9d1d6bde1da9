/** Studies that a PACS sends instance by instance. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function arrivals({ integer, blob, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('arrivals')
          .addColumn('transfer', 'text', (c) =>
            c.primaryKey().notNull().references('transfers.id').onDelete('cascade'),
          )
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('study', 'text', (c) => c.notNull())
          .addColumn('opened_at', integer, (c) => c.notNull())
          .addColumn('open_key', 'text', (c) => c.unique()),
      ).execute()
      await db.schema
        .createIndex('arrivals_study')
        .on('arrivals')
        .columns(['facility', 'study'])
        .execute()
      await finish(
        db.schema
          .createTable('crosswalk_pieces')
          .addColumn('envelope', 'text', (c) =>
            c.notNull().references('envelopes.id').onDelete('cascade'),
          )
          .addColumn('seq', integer, (c) => c.notNull())
          .addColumn('key_id', 'text', (c) => c.notNull())
          .addColumn('items', integer, (c) => c.notNull())
          .addColumn('message', blob, (c) => c.notNull())
          .addPrimaryKeyConstraint('crosswalk_pieces_pk', ['envelope', 'seq']),
      ).execute()
    },
  }
}
