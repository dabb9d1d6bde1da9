/** When a case was first claimed, for turnaround figures. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'

export function firstClaims({ integer }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('cases').addColumn('first_claimed_at', integer).execute()
    },
  }
}
