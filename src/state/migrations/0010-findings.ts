/**
 * Several findings about one quarantined item; and the crosswalk of a patient goes: the sealed ones
 * of each envelope hold it.
 */
import type { Kysely, Migration } from 'kysely'

export function findings(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('quarantine').addColumn('also', 'text').execute()
      await db.schema.alterTable('patients').dropColumn('crosswalk').execute()
    },
  }
}
