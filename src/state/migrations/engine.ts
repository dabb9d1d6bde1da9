import type { CreateTableBuilder } from 'kysely'
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
}

export const ENGINES: Readonly<Record<'sqlite' | 'postgres', Engine>> = {
  sqlite: {
    integer: 'integer',
    blob: 'blob',
    finish: (table) => table.modifyEnd(sql`strict`),
  },
  postgres: { integer: 'bigint', blob: 'bytea', finish: (table) => table },
}
