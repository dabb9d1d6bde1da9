/** TLS client certificates that requests came with, and when each expires. */
import type { Kysely, Migration } from 'kysely'
import type { Engine } from './engine.js'

export function clientCertificates({ integer, finish }: Engine): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await finish(
        db.schema
          .createTable('client_certificates')
          .addColumn('principal', 'text', (c) => c.notNull())
          .addColumn('sha256', 'text', (c) => c.notNull())
          .addColumn('valid_until', integer, (c) => c.notNull())
          .addColumn('seen_at', integer, (c) => c.notNull())
          .addPrimaryKeyConstraint('client_certificates_key', ['principal', 'sha256']),
      ).execute()
    },
  }
}
