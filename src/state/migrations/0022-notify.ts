/** Duty roster swaps, the notification outbox, and browser push subscriptions. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'
import { indexOn } from './indexes.js'

export function notify({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('duty_swaps')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('group_id', 'text', (c) => c.notNull())
          .addColumn('giver', 'text', (c) => c.notNull())
          .addColumn('taker', 'text', (c) => c.notNull())
          .addColumn('starts', integer, (c) => c.notNull())
          .addColumn('ends', integer, (c) => c.notNull())
          .addColumn('recorded_by', 'text', (c) => c.notNull())
          .addColumn('recorded_at', integer, (c) => c.notNull())
          .addColumn('revoked_at', integer),
      ).execute()
      await indexOn(db, 'duty_swaps', ['group_id', 'ends'])
      await finish(
        db.schema
          .createTable('outbox')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('dedupe', 'text', (c) => c.notNull().unique())
          .addColumn('person', 'text', (c) => c.notNull())
          .addColumn('channel', 'text', (c) => c.notNull())
          .addColumn('body', 'text', (c) => c.notNull())
          .addColumn('case_id', 'text')
          .addColumn('created_at', integer, (c) => c.notNull())
          .addColumn('due_at', integer, (c) => c.notNull())
          .addColumn('lease_until', integer, (c) => c.notNull())
          .addColumn('attempts', integer, (c) => c.notNull())
          .addColumn('sent_at', integer)
          .addColumn('withdrawn_at', integer)
          .addColumn('last_code', 'text'),
      ).execute()
      await indexOn(db, 'outbox', ['sent_at', 'withdrawn_at', 'due_at'])
      await indexOn(db, 'outbox', ['case_id'])
      await finish(
        db.schema
          .createTable('push_subscriptions')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('person', 'text', (c) => c.notNull())
          .addColumn('endpoint', 'text', (c) => c.notNull().unique())
          .addColumn('p256dh', 'text', (c) => c.notNull())
          .addColumn('auth', 'text', (c) => c.notNull())
          .addColumn('created_at', integer, (c) => c.notNull()),
      ).execute()
      await indexOn(db, 'push_subscriptions', ['person'])
    },
  }
}
