/** Where in a held item the fault is, and the rule that it breaks. */
import type { Kysely, Migration } from 'kysely'

export function places(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('quarantine').addColumn('place', 'text').execute()
    },
  }
}
