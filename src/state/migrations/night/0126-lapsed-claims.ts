/** Whose claim on a case expired, so that the next one counts as a take-over. */
import type { Kysely, Migration } from 'kysely'

export function lapsedClaims(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('cases').addColumn('lapsed_from', 'text').execute()
    },
  }
}
