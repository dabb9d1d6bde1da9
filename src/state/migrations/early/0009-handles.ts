/** Patient handles of items, so that the ledger can record which patient a download disclosed. */
import { sql } from 'kysely'
import type { Kysely, Migration } from 'kysely'

export function patientHandles(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      for (const table of ['items', 'transfers'])
        await db.schema.alterTable(table).addColumn('patient', 'text').execute()
      /**
       * Null in existing items: for them it is unknown which of several patients a download
       * disclosed.
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
