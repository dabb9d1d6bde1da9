/** Requisitions that wait for their study, and the handle under which they find it. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function requisitions({ finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('items').addColumn('order_handle', 'text').execute()
      await indexOn(db, 'items', ['order_handle'])
      await db.schema.alterTable('waiting_studies').addColumn('case_id', 'text').execute()
      await finish(
        db.schema
          .createTable('requisition_orders')
          .addColumn('transfer', 'text', (c) =>
            c.notNull().references('transfers.id').onDelete('cascade'),
          )
          .addColumn('handle', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint('requisition_orders_pk', ['transfer', 'handle']),
      ).execute()
    },
  }
}
