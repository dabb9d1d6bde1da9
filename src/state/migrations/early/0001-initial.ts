/**
 * The first schema. Rows that exist only as part of a transfer are deleted with it. Items and
 * quarantine have restricting foreign keys, so that a faulty sweep fails instead of losing them.
 */
import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'
import type { Engine } from '../engine.js'

type Schema = Kysely<unknown>

export function initial(engine: Engine): Migration {
  return {
    up: async (db: Schema) => {
      await transfers(db, engine)
      await items(db, engine)
      await people(db, engine)
      await ledger(db, engine)
      await indexes(db)
    },
  }
}

async function transfers(db: Schema, { integer, blob, finish }: Engine): Promise<void> {
  await finish(
    db.schema
      .createTable('transfers')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('facility', 'text', (c) => c.notNull())
      .addColumn('group_id', 'text', (c) => c.notNull())
      .addColumn('sender', 'text', (c) => c.notNull())
      .addColumn('priority', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('available_at', integer)
      .addColumn('claimed_by', 'text')
      .addColumn('claimed_at', integer)
      .addColumn('acknowledged_by', 'text')
      .addColumn('acknowledged_at', integer)
      .addColumn('item_count', integer, (c) => c.notNull())
      .addColumn('byte_count', integer, (c) => c.notNull())
      .addColumn('next_index', integer, (c) => c.notNull())
      .addColumn('manifest_digest', 'text')
      .addColumn('manifest_object', 'text')
      .addColumn('manifest_size', integer)
      .addColumn('manifest_envelope', 'text'),
  ).execute()

  await finish(
    db.schema
      .createTable('envelopes')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('transfer', 'text', (c) =>
        c.notNull().references('transfers.id').onDelete('cascade'),
      )
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('format', 'text', (c) => c.notNull())
      .addColumn('lease_until', integer, (c) => c.notNull()),
  ).execute()

  await finish(
    db.schema
      .createTable('key_packets')
      .addColumn('envelope', 'text', (c) =>
        c.notNull().references('envelopes.id').onDelete('cascade'),
      )
      .addColumn('fingerprint', 'text', (c) => c.notNull())
      .addColumn('recipient', 'text', (c) => c.notNull())
      .addColumn('packet', blob, (c) => c.notNull())
      .addPrimaryKeyConstraint('key_packets_pk', ['envelope', 'fingerprint']),
  ).execute()
}

async function items(db: Schema, { integer, finish }: Engine): Promise<void> {
  await finish(
    db.schema
      .createTable('items')
      .addColumn('transfer', 'text', (c) =>
        c.notNull().references('transfers.id').onDelete('cascade'),
      )
      .addColumn('idx', integer, (c) => c.notNull())
      .addColumn('envelope', 'text', (c) => c.notNull().references('envelopes.id'))
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('code', 'text')
      .addColumn('object', 'text')
      .addColumn('sealed_size', integer)
      .addColumn('sealed_digest', 'text')
      .addColumn('plain_size', integer)
      .addColumn('content_handle', 'text')
      .addColumn('instance_handle', 'text')
      .addColumn('manifest_entry', 'text')
      .addColumn('created_at', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('items_pk', ['transfer', 'idx']),
  ).execute()

  await finish(
    db.schema
      .createTable('quarantine')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('transfer', 'text', (c) => c.notNull().references('transfers.id'))
      .addColumn('idx', integer, (c) => c.notNull())
      .addColumn('facility', 'text', (c) => c.notNull())
      .addColumn('code', 'text', (c) => c.notNull())
      .addColumn('object', 'text', (c) => c.notNull())
      .addColumn('size', integer, (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull()),
  ).execute()

  await finish(
    db.schema
      .createTable('downloads')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('transfer', 'text', (c) => c.notNull().references('transfers.id'))
      .addColumn('idx', integer, (c) => c.notNull())
      .addColumn('principal', 'text', (c) => c.notNull())
      .addColumn('lease_until', integer, (c) => c.notNull()),
  ).execute()
}

async function people(db: Schema, { integer, blob, finish }: Engine): Promise<void> {
  await finish(
    db.schema
      .createTable('patients')
      .addColumn('facility', 'text', (c) => c.notNull())
      .addColumn('handle', 'text', (c) => c.notNull())
      .addColumn('code', 'text', (c) => c.notNull())
      .addColumn('shift_seconds', integer, (c) => c.notNull())
      .addColumn('crosswalk', blob, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('patients_pk', ['facility', 'handle'])
      .addUniqueConstraint('patients_code', ['facility', 'code']),
  ).execute()

  await finish(
    db.schema
      .createTable('tokens')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('hash', 'text', (c) => c.notNull().unique())
      .addColumn('principal', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('expires_at', integer, (c) => c.notNull())
      .addColumn('revoked_at', integer)
      .addColumn('last_used_at', integer),
  ).execute()

  await finish(
    db.schema
      .createTable('challenges')
      .addColumn('nonce', 'text', (c) => c.primaryKey().notNull())
      .addColumn('principal', 'text', (c) => c.notNull())
      .addColumn('expires_at', integer, (c) => c.notNull()),
  ).execute()

  /** `since` is part of the key because a principal may return to an earlier certificate. */
  await finish(
    db.schema
      .createTable('certificates')
      .addColumn('principal', 'text', (c) => c.notNull())
      .addColumn('fingerprint', 'text', (c) => c.notNull())
      .addColumn('since', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('certificates_pk', ['principal', 'since', 'fingerprint']),
  ).execute()
}

async function ledger(db: Schema, { integer, blob, finish }: Engine): Promise<void> {
  await finish(
    db.schema
      .createTable('events')
      .addColumn('idx', integer, (c) => c.primaryKey().notNull())
      .addColumn('time', integer, (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('outcome', integer, (c) => c.notNull())
      .addColumn('actor', 'text')
      .addColumn('facility', 'text')
      .addColumn('transfer', 'text')
      .addColumn('patient', 'text')
      .addColumn('entry', blob, (c) => c.notNull()),
  ).execute()

  await finish(
    db.schema
      .createTable('ledger_tiles')
      .addColumn('level', integer, (c) => c.notNull())
      .addColumn('n', integer, (c) => c.notNull())
      .addColumn('hashes', blob, (c) => c.notNull())
      .addPrimaryKeyConstraint('ledger_tiles_pk', ['level', 'n']),
  ).execute()

  await finish(
    db.schema
      .createTable('ledger_head')
      .addColumn('id', integer, (c) =>
        c
          .primaryKey()
          .notNull()
          .defaultTo(1)
          .check(sql`id = 1`),
      )
      .addColumn('size', integer, (c) => c.notNull())
      .addColumn('checkpoint', 'text', (c) => c.notNull()),
  ).execute()
}

/**
 * Table and columns. Indexes on events end with the position, so that a filter returns rows in log
 * order.
 */
const INDEXES = [
  ['transfers', 'group_id', 'state', 'created_at'],
  ['transfers', 'facility', 'created_at'],
  ['transfers', 'state', 'created_at'],
  ['envelopes', 'transfer'],
  ['envelopes', 'state', 'lease_until'],
  ['items', 'envelope'],
  ['items', 'transfer', 'content_handle'],
  ['items', 'transfer', 'instance_handle'],
  ['quarantine', 'transfer'],
  ['quarantine', 'facility', 'state', 'created_at'],
  ['downloads', 'transfer'],
  ['downloads', 'lease_until'],
  ['tokens', 'principal'],
  ['challenges', 'expires_at'],
  ['events', 'time', 'idx'],
  ['events', 'type', 'idx'],
  ['events', 'actor', 'idx'],
  ['events', 'facility', 'idx'],
  ['events', 'transfer', 'idx'],
  ['events', 'patient', 'idx'],
] as const

async function indexes(db: Schema): Promise<void> {
  for (const [table, ...columns] of INDEXES) {
    await db.schema
      .createIndex([table, 'by', ...columns].join('_'))
      .on(table)
      .columns([...columns])
      .execute()
  }
}
