/** Where the fault in a quarantined item is, and which rule it breaks. */
import type { Kysely, Migration } from 'kysely'

export function places(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('quarantine').addColumn('place', 'text').execute()
    },
  }
}
