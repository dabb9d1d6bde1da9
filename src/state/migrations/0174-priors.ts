/** Prior studies that are asked for at the PACS of a facility, for the case of a new study. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function priors({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('arrivals').addColumn('prior_of', 'text').execute()
      await finish(
        db.schema
          .createTable('prior_queries')
          .addColumn('transfer', 'text', (c) =>
            c.primaryKey().notNull().references('transfers.id').onDelete('cascade'),
          )
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('found', integer, (c) => c.notNull())
          .addColumn('chosen', integer, (c) => c.notNull())
          .addColumn('retrieved', integer, (c) => c.notNull())
          .addColumn('lease_until', integer),
      ).execute()
      await indexOn(db, 'prior_queries', ['lease_until'])
      await finish(
        db.schema
          .createTable('prior_studies')
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('study', 'text', (c) => c.notNull())
          .addColumn('transfer', 'text', (c) =>
            c.notNull().references('prior_queries.transfer').onDelete('cascade'),
          )
          .addPrimaryKeyConstraint('prior_studies_pk', ['facility', 'study', 'transfer']),
      ).execute()
    },
  }
}
