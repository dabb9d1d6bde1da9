/**
 * Lost sinks of the ledger, the marks of the last configuration, and the row for the write check.
 */
import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'
import type { Engine } from '../engine.js'

export function outlets({ integer, blob, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('ledger_sinks')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('lost_at', integer),
      ).execute()

      await finish(
        db.schema
          .createTable('config_marks')
          .addColumn('name', 'text', (c) => c.primaryKey().notNull())
          .addColumn('mark', 'text', (c) => c.notNull()),
      ).execute()

      await finish(
        db.schema
          .createTable('write_checks')
          .addColumn('id', integer, (c) =>
            c
              .primaryKey()
              .notNull()
              .defaultTo(1)
              .check(sql`id = 1`),
          )
          .addColumn('at', integer, (c) => c.notNull())
          .addColumn('ballast', blob),
      ).execute()
    },
  }
}
