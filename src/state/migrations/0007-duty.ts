/** Downloads outside duty hours, in the index of the ledger. */
import type { Kysely, Migration } from 'kysely'

export function dutyHours(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      /** Null in rows from before: the ledger fills them as it opens (its index has a version). */
      await db.schema.alterTable('events').addColumn('duty', 'text').execute()
      await db.schema
        .createIndex('events_by_duty_idx')
        .on('events')
        .columns(['duty', 'idx'])
        .execute()
    },
  }
}
