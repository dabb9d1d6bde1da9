/** Invitations, and the people who were enrolled by one. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function enrolment({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('invitations')
          .addColumn('id', 'text', (c) => c.primaryKey().notNull())
          .addColumn('principal', 'text', (c) => c.notNull())
          .addColumn('role', 'text', (c) => c.notNull())
          .addColumn('groups', 'text', (c) => c.notNull())
          .addColumn('facility', 'text')
          .addColumn('email', 'text')
          .addColumn('secret', 'text', (c) => c.notNull())
          .addColumn('created_at', integer, (c) => c.notNull())
          .addColumn('created_by', 'text', (c) => c.notNull())
          .addColumn('expires_at', integer, (c) => c.notNull())
          .addColumn('tries', integer, (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('certificate', 'text')
          .addColumn('fingerprint', 'text')
          .addColumn('mac', 'text'),
      ).execute()
      await finish(
        db.schema
          .createTable('enrolled')
          .addColumn('principal', 'text', (c) => c.primaryKey().notNull())
          .addColumn('role', 'text', (c) => c.notNull())
          .addColumn('groups', 'text', (c) => c.notNull())
          .addColumn('facility', 'text')
          .addColumn('email', 'text')
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('fingerprint', 'text', (c) => c.notNull())
          .addColumn('invitation', 'text', (c) => c.notNull())
          .addColumn('since', integer, (c) => c.notNull())
          .addColumn('mac', 'text'),
      ).execute()
    },
  }
}
