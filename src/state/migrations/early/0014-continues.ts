/**
 * Transfers that continue an earlier one for the same reading, with items that were released from
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
