/** Readers' reports on cases: who sent what and when, and the facility's acknowledgement. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function caseReports({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('case_reports')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('case_id', 'text', (c) => c.notNull())
          .addColumn('code', 'text', (c) => c.notNull())
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('status', 'text', (c) => c.notNull())
          .addColumn('agreement', 'text')
          .addColumn('author', 'text', (c) => c.notNull())
          .addColumn('statement', 'text', (c) => c.notNull())
          .addColumn('signature', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('sha256', 'text', (c) => c.notNull().unique())
          .addColumn('size', integer, (c) => c.notNull())
          .addColumn('signed_at', integer, (c) => c.notNull())
          .addColumn('received_at', integer, (c) => c.notNull())
          .addColumn('acknowledged_at', integer)
          .addColumn('acknowledgement', 'text')
          .addColumn('acknowledgement_signature', 'text'),
      ).execute()
      await indexOn(db, 'case_reports', ['facility', 'id'])
      await indexOn(db, 'case_reports', ['group_id', 'id'])
      await indexOn(db, 'case_reports', ['case_id'])
    },
  }
}
