/** Marks downloads outside duty hours in the ledger's index. */
import type { Kysely, Migration } from 'kysely'

export function dutyHours(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      /**
       * Null in existing rows until the ledger fills them when it opens (its index has a version).
       */
      await db.schema.alterTable('events').addColumn('duty', 'text').execute()
      await db.schema
        .createIndex('events_by_duty_idx')
        .on('events')
        .columns(['duty', 'idx'])
        .execute()
    },
  }
}
