/**
 * Decisions about quarantined items, sealed crosswalks, generations of facility secrets, and report
 * shapes.
 */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'

export function pseudonyms({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      const quarantine = (column: string, type: 'text' | Engine['integer']) =>
        db.schema.alterTable('quarantine').addColumn(column, type).execute()
      /** Null in existing rows: those items can be discarded but not released. */
      await quarantine('digest', 'text')
      await quarantine('decided_at', integer)
      await quarantine('removed_at', integer)
      await db.schema
        .createIndex('quarantine_facility')
        .on('quarantine')
        .columns(['facility', 'id'])
        .execute()
      await db.schema
        .createIndex('quarantine_item')
        .on('quarantine')
        .columns(['transfer', 'idx'])
        .execute()
      await finish(
        db.schema
          .createTable('crosswalks')
          .addColumn('envelope', 'text', (c) =>
            c.primaryKey().notNull().references('envelopes.id').onDelete('cascade'),
          )
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('transfer', 'text', (c) => c.notNull().references('transfers.id'))
          .addColumn('key_id', 'text', (c) => c.notNull())
          .addColumn('object', 'text', (c) => c.notNull())
          .addColumn('size', integer, (c) => c.notNull())
          .addColumn('items', integer, (c) => c.notNull())
          .addColumn('created_at', integer, (c) => c.notNull()),
      ).execute()
      await db.schema
        .createIndex('crosswalks_facility')
        .on('crosswalks')
        .columns(['facility', 'envelope'])
        .execute()
      await finish(
        db.schema
          .createTable('facility_keys')
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('key_id', 'text', (c) => c.notNull())
          .addColumn('since', integer, (c) => c.notNull())
          .addColumn('retired_at', integer)
          .addPrimaryKeyConstraint('facility_keys_pk', ['facility', 'key_id']),
      ).execute()
      await finish(
        db.schema
          .createTable('reports')
          .addColumn('digest', 'text', (c) => c.primaryKey().notNull())
          .addColumn('created_at', integer, (c) => c.notNull()),
      ).execute()
    },
  }
}
