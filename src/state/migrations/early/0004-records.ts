/** Columns in the ledger's index that searches of standard records use. */
import type { Kysely, Migration } from 'kysely'

export function recordSearch(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      /**
       * Null in existing rows until the ledger fills them when it opens (its index has a version).
       */
      for (const column of ['address', 'token', 'subject'])
        await db.schema.alterTable('events').addColumn(column, 'text').execute()
      for (const column of ['token', 'subject']) {
        await db.schema
          .createIndex(`events_by_${column}_idx`)
          .on('events')
          .columns([column, 'idx'])
          .where(column, 'is not', null)
          .execute()
      }
    },
  }
}
