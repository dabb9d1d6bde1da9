/**
 * The gateway's current and former certificates. Former ones are needed to verify what they signed
 * for as long as it is kept.
 */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from '../engine.js'

export function gatewayKeys({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('gateway_keys')
          .addColumn('fingerprint', 'text', (c) => c.primaryKey().notNull())
          .addColumn('certificate', 'text', (c) => c.notNull())
          .addColumn('since', integer, (c) => c.notNull())
          .addColumn('until', integer),
      ).execute()
    },
  }
}
