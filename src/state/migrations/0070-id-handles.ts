/**
 * Patient IDs under any issuer, as a further column of the search index. Existing entries have
 * none: they are found under the issuers that are asked for.
 */
import { sql } from 'kysely'
import type { Kysely, Migration } from 'kysely'

export function idHandles(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('events').addColumn('id_handle', 'text').execute()
      // Most entries have none.
      await sql`create index events_by_id_handle_idx on events (id_handle) where id_handle is not null`.execute(
        db,
      )
    },
  }
}
