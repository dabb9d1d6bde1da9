import type { CreateTableBuilder, QueryExecutorProvider, RawBuilder } from 'kysely'
import { sql } from 'kysely'

/** Where the two databases differ in their data definition language. */
export interface Engine {
  /**
   * A 64-bit integer in both databases. On SQLite, only this spelling stores the table in primary
   * key order.
   */
  readonly integer: 'integer' | 'bigint'
  readonly blob: 'blob' | 'bytea'
  /** SQLite's STRICT tables reject values of the wrong type, as PostgreSQL does. */
  readonly finish: <T extends string, C extends string>(
    table: CreateTableBuilder<T, C>,
  ) => CreateTableBuilder<T, C>
  readonly hasTable: (db: QueryExecutorProvider, name: string) => Promise<boolean>
  /** Serializes a joining gateway and a migration: one waits until the other's transaction ends. */
  readonly takeTurn: (tx: QueryExecutorProvider) => Promise<void>
}

/** An arbitrary lock number not used by anything else on the server: "noct". */
const TURN = 0x6e6f6374

const answers = async (query: RawBuilder<unknown>, db: QueryExecutorProvider): Promise<boolean> =>
  (await query.execute(db)).rows.length > 0

export const ENGINES: Readonly<Record<'sqlite' | 'postgres', Engine>> = {
  sqlite: {
    integer: 'integer',
    blob: 'blob',
    finish: (table) => table.modifyEnd(sql`strict`),
    hasTable: (db, name) => answers(sql`select 1 from sqlite_master where name = ${name}`, db),
    // Not needed on SQLite: a write transaction has the database to itself from its start.
    takeTurn: () => Promise.resolve(),
  },
  postgres: {
    integer: 'bigint',
    blob: 'bytea',
    finish: (table) => table,
    // Looks in the schema used for unqualified names, which may not be `public`.
    hasTable: (db, name) => answers(sql`select 1 where to_regclass(${name}) is not null`, db),
    takeTurn: async (tx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(TURN)})`.execute(tx)
    },
  },
}
