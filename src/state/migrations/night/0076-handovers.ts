/** Hand-overs between readers of a group. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'
import { indexOn } from '../indexes.js'

export function handovers({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('handovers')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('giver', 'text', (c) => c.notNull())
          .addColumn('items', 'text', (c) => c.notNull())
          .addColumn('note', 'text')
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('given_at', integer, (c) => c.notNull())
          .addColumn('accepted_by', 'text')
          .addColumn('accepted_at', integer),
      ).execute()
      await indexOn(db, 'handovers', ['group_id', 'id'])
    },
  }
}
