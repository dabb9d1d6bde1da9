/**
 * The ledger's cursors (how far each outlet was told of it), and the last checkpoint that witnesses
 * cosigned.
 */
import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'
import type { Engine } from '../engine.js'

export function ledgerOutlets({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('ledger_cursors')
          .addColumn('name', 'text', (c) => c.primaryKey().notNull())
          .addColumn('position', integer, (c) => c.notNull())
          .addColumn('holder', 'text')
          .addColumn('lease_until', integer, (c) => c.notNull()),
      ).execute()

      await finish(
        db.schema
          .createTable('ledger_witnessed')
          .addColumn('id', integer, (c) =>
            c
              .primaryKey()
              .notNull()
              .defaultTo(1)
              .check(sql`id = 1`),
          )
          .addColumn('size', integer, (c) => c.notNull())
          .addColumn('checkpoint', 'text', (c) => c.notNull())
          .addColumn('at', integer, (c) => c.notNull()),
      ).execute()

      /**
       * Null in existing rows until the ledger fills them when it opens (its index has a version).
       */
      for (const column of ['event_id', 'related', 'group_id'])
        await db.schema.alterTable('events').addColumn(column, 'text').execute()
      for (const columns of [['event_id'], ['related'], ['group_id', 'idx']])
        await db.schema
          .createIndex(['events', 'by', ...columns].join('_'))
          .on('events')
          .columns(columns)
          .execute()
    },
  }
}
