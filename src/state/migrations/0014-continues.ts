/**
 * A transfer that goes on with an earlier one, for the same reading: items that were released from
 * quarantine.
 */
import type { Kysely, Migration } from 'kysely'

export function continuations(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('transfers').addColumn('continues', 'text').execute()
    },
  }
}
