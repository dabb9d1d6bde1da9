/**
 * Allows several findings per quarantined item, and drops the patients' crosswalk table: the sealed
 * crosswalk of each envelope holds the same.
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
