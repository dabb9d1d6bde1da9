/** Client-chosen keys of uploads, and the columns that recognize files sent a second time. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function uploads({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('upload_keys')
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('key', 'text', (c) => c.notNull())
          .addColumn('envelope', 'text', (c) =>
            c.notNull().references('envelopes.id').onDelete('cascade'),
          )
          .addColumn('transfer', 'text', (c) => c.notNull())
          .addColumn('length', integer)
          .addColumn('answer', 'text')
          .addColumn('created_at', integer, (c) => c.notNull())
          .addPrimaryKeyConstraint('upload_keys_pk', ['facility', 'key']),
      ).execute()
      await indexOn(db, 'upload_keys', ['created_at'])
      await indexOn(db, 'upload_keys', ['envelope'])
      await db.schema.alterTable('items').addColumn('source_handle', 'text').execute()
      await db.schema.alterTable('transfers').addColumn('sent_handle', 'text').execute()
      await db.schema
        .alterTable('transfers')
        .addColumn('missing', integer, (c) => c.notNull().defaultTo(0))
        .execute()
      await indexOn(db, 'transfers', ['sent_handle'])
    },
  }
}
