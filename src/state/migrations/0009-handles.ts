/** Whose items they are, by keyed handles, so that the ledger can say whom a download showed. */
import { sql } from 'kysely'
import type { Kysely, Migration } from 'kysely'

export function patientHandles(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      for (const table of ['items', 'transfers'])
        await db.schema.alterTable(table).addColumn('patient', 'text').execute()
      /**
       * Items from before stay without: which of several patients a download shows is not known of
       * them.
       */
      await sql`
        update transfers set patient = (
          select min(events.patient) from events
          where events.transfer = transfers.id and events.type = 'item.accepted' and events.patient is not null
          having count(distinct events.patient) = 1
        )
        where available_at is not null`.execute(db)
    },
  }
}
