import type { CreateTableBuilder, QueryExecutorProvider, RawBuilder } from 'kysely'
import { sql } from 'kysely'

/** What differs between the two databases' data definition. */
export interface Engine {
  /** 64 bits on both. On SQLite only this spelling makes a primary key the table's own order. */
  readonly integer: 'integer' | 'bigint'
  readonly blob: 'blob' | 'bytea'
  /** SQLite's STRICT tables refuse a value of the wrong type, as PostgreSQL does. */
  readonly finish: <T extends string, C extends string>(
    table: CreateTableBuilder<T, C>,
  ) => CreateTableBuilder<T, C>
  readonly hasTable: (db: QueryExecutorProvider, name: string) => Promise<boolean>
  /** Until the transaction ends, a gateway that joins and a migration wait for each other. */
  readonly takeTurn: (tx: QueryExecutorProvider) => Promise<void>
}

/** Any number that nothing else on the server takes: "noct". */
const TURN = 0x6e6f6374

const answers = async (query: RawBuilder<unknown>, db: QueryExecutorProvider): Promise<boolean> =>
  (await query.execute(db)).rows.length > 0

export const ENGINES: Readonly<Record<'sqlite' | 'postgres', Engine>> = {
  sqlite: {
    integer: 'integer',
    blob: 'blob',
    finish: (table) => table.modifyEnd(sql`strict`),
    hasTable: (db, name) => answers(sql`select 1 from sqlite_master where name = ${name}`, db),
    // A transaction that writes is alone from its beginning.
    takeTurn: () => Promise.resolve(),
  },
  postgres: {
    integer: 'bigint',
    blob: 'bytea',
    finish: (table) => table,
    // In the schema that unqualified names are looked up in, which may not be `public`.
    hasTable: (db, name) => answers(sql`select 1 where to_regclass(${name}) is not null`, db),
    takeTurn: async (tx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(TURN)})`.execute(tx)
    },
  },
}
