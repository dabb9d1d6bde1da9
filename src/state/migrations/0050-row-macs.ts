/**
 * Adds a MAC to each row that admits or authorises someone. Someone with write access to the
 * database cannot compute it.
 */
import type { Kysely, Migration } from 'kysely'

export function rowMacs(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      for (const table of [
        'certificates',
        'certificate_changes',
        'gateway_keys',
        'register_entries',
        'tokens',
      ])
        await db.schema.alterTable(table).addColumn('mac', 'text').execute()
    },
  }
}
