/** Transfers that are sealed at a facility. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function sealed({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('sealed_transfers')
          .addColumn('transfer', 'text', (c) =>
            c.primaryKey().notNull().references('transfers.id').onDelete('cascade'),
          )
          .addColumn('edge', 'text', (c) => c.notNull())
          .addColumn('fingerprint', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('digest', 'text', (c) => c.notNull())
          .addColumn('statement', 'text')
          .addColumn('envelopes', 'text', (c) => c.notNull())
          .addColumn('created_at', integer, (c) => c.notNull()),
      ).execute()
      await finish(
        db.schema
          .createTable('sealed_objects')
          .addColumn('transfer', 'text', (c) =>
            c.notNull().references('sealed_transfers.transfer').onDelete('cascade'),
          )
          .addColumn('idx', integer, (c) => c.notNull())
          .addColumn('object', 'text', (c) => c.notNull())
          .addColumn('size', integer, (c) => c.notNull())
          .addPrimaryKeyConstraint('sealed_objects_pk', ['transfer', 'idx']),
      ).execute()
      await finish(
        db.schema
          .createTable('sealing_sets')
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('recipients', 'text', (c) => c.notNull())
          .addColumn('told_at', integer, (c) => c.notNull())
          .addPrimaryKeyConstraint('sealing_sets_pk', ['facility', 'group_id', 'recipients']),
      ).execute()
    },
  }
}
