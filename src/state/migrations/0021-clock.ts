/** Case targets and escalations. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function clock({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('case_targets')
          .addColumn('case_id', 'text', (c) => c.notNull())
          .addColumn('kind', 'text', (c) => c.notNull())
          .addColumn('started_at', integer, (c) => c.notNull())
          .addColumn('warn_at', integer, (c) => c.notNull())
          .addColumn('due_at', integer, (c) => c.notNull())
          .addColumn('warned_at', integer)
          .addColumn('met_at', integer)
          .addColumn('missed_at', integer)
          .addPrimaryKeyConstraint('case_targets_pk', ['case_id', 'kind']),
      ).execute()
      await indexOn(db, 'case_targets', ['met_at', 'missed_at', 'warn_at'])
      await finish(
        db.schema
          .createTable('escalations')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('case_id', 'text', (c) => c.notNull())
          .addColumn('critical', 'text')
          .addColumn('chain', 'text', (c) => c.notNull())
          .addColumn('step', integer, (c) => c.notNull())
          .addColumn('fence', 'text', (c) => c.notNull())
          .addColumn('next_at', integer, (c) => c.notNull())
          .addColumn('started_at', integer, (c) => c.notNull())
          .addColumn('stopped_at', integer),
      ).execute()
      await indexOn(db, 'escalations', ['stopped_at', 'next_at'])
      await indexOn(db, 'escalations', ['case_id'])
    },
  }
}
