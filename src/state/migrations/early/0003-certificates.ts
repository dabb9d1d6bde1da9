/**
 * Stores the certificates themselves next to their fingerprints, so that a replaced file takes
 * effect only once it is confirmed.
 */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'

export function certificateChanges({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      /** Null in existing rows; the next start fills those whose file has not changed. */
      await db.schema.alterTable('certificates').addColumn('certificate', 'text').execute()
      await db.schema.alterTable('certificates').addColumn('removed_at', integer).execute()
      await finish(
        db.schema
          .createTable('certificate_changes')
          .addColumn('principal', 'text', (c) => c.primaryKey().notNull())
          .addColumn('fingerprint', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('proposed_at', integer, (c) => c.notNull()),
      ).execute()
    },
  }
}
