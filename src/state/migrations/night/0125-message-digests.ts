/** The digest of what was sealed, by which a note or feedback that is sent again is recognized. */
import type { Kysely, Migration } from 'kysely'

export function messageDigests(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      for (const table of ['case_notes', 'report_feedback']) {
        await db.schema.alterTable(table).addColumn('sha256', 'text').execute()
        // Rows from before have none; both databases allow any number of those.
        await db.schema
          .createIndex(`${table}_by_sha256_idx`)
          .unique()
          .on(table)
          .column('sha256')
          .execute()
      }
    },
  }
}
