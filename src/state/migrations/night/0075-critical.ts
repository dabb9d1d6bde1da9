/** Critical results, and the answers to them. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'
import { indexOn } from '../indexes.js'

export function critical({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('critical_results')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('case_id', 'text', (c) => c.notNull())
          .addColumn('code', 'text', (c) => c.notNull())
          .addColumn('facility', 'text', (c) => c.notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('transfer', 'text', (c) => c.notNull())
          .addColumn('patient', 'text')
          .addColumn('level', 'text', (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('author', 'text', (c) => c.notNull())
          .addColumn('statement', 'text', (c) => c.notNull())
          .addColumn('signature', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('sha256', 'text', (c) => c.notNull().unique())
          .addColumn('commitment', 'text', (c) => c.notNull())
          .addColumn('message', 'text', (c) => c.notNull())
          .addColumn('raised_at', integer, (c) => c.notNull())
          .addColumn('due_at', integer, (c) => c.notNull())
          .addColumn('missed_at', integer)
          .addColumn('closed_at', integer)
          .addColumn('closed_for', 'text'),
      ).execute()
      await indexOn(db, 'critical_results', ['state', 'due_at'])
      await indexOn(db, 'critical_results', ['case_id'])
      await finish(
        db.schema
          .createTable('critical_answers')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('critical', 'text', (c) => c.notNull())
          .addColumn('kind', 'text', (c) => c.notNull())
          .addColumn('answered_by', 'text', (c) => c.notNull())
          .addColumn('role', 'text')
          .addColumn('result', 'text', (c) => c.notNull())
          .addColumn('statement', 'text', (c) => c.notNull())
          .addColumn('signature', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('sha256', 'text', (c) => c.notNull().unique())
          .addColumn('message', 'text')
          .addColumn('answered_at', integer, (c) => c.notNull()),
      ).execute()
      await indexOn(db, 'critical_answers', ['critical', 'id'])
    },
  }
}
