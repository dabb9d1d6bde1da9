/** Registers, statements, actions and assessments. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function compliance({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('register_entries')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('kind', 'text', (c) => c.notNull())
          .addColumn('subject', 'text', (c) => c.notNull())
          .addColumn('data', 'text', (c) => c.notNull())
          .addColumn('until', 'text')
          .addColumn('created_at', integer, (c) => c.notNull())
          .addColumn('created_by', 'text', (c) => c.notNull())
          .addColumn('ended_at', integer),
      ).execute()
      await db.schema
        .createIndex('register_entries_by_kind')
        .on('register_entries')
        .columns(['kind', 'subject'])
        .execute()
      await finish(
        db.schema
          .createTable('statements')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('protocol_row', 'text', (c) => c.notNull())
          .addColumn('says', 'text', (c) => c.notNull())
          .addColumn('text', 'text', (c) => c.notNull())
          .addColumn('attachments', 'text', (c) => c.notNull())
          .addColumn('until', 'text', (c) => c.notNull())
          .addColumn('created_at', integer, (c) => c.notNull())
          .addColumn('created_by', 'text', (c) => c.notNull()),
      ).execute()
      await finish(
        db.schema
          .createTable('actions')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('protocol_row', 'text', (c) => c.notNull())
          .addColumn('owner', 'text', (c) => c.notNull())
          .addColumn('due', 'text', (c) => c.notNull())
          .addColumn('text', 'text', (c) => c.notNull())
          .addColumn('created_at', integer, (c) => c.notNull())
          .addColumn('done_at', integer)
          .addColumn('evidence', 'text'),
      ).execute()
      await finish(
        db.schema
          .createTable('assessments')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('profile', 'text', (c) => c.notNull())
          .addColumn('made_at', integer, (c) => c.notNull())
          .addColumn('made_by', 'text', (c) => c.notNull())
          .addColumn('document', 'text', (c) => c.notNull()),
      ).execute()
    },
  }
}
