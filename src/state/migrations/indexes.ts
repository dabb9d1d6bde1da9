import type { Kysely } from 'kysely'

export const indexOn = (
  db: Kysely<unknown>,
  table: string,
  columns: readonly string[],
): Promise<void> =>
  db.schema
    .createIndex(`${table}_by_${columns.join('_')}_idx`)
    .on(table)
    .columns([...columns])
    .execute()
