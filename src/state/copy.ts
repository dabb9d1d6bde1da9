/**
 * All rows of a database as lines of JSON, and back: how a site on PostgreSQL is backed up, and
 * restored to PostgreSQL or SQLite. One schema serves both, so the values are the same.
 *
 *   {"v":1,"migrations":[...]}             the schema
 *   {"table":"events","columns":[...]}     a table; its rows follow, each an array
 *   {"rows":1234}                          the end, with the number of rows
 */
import { sql } from 'kysely'
import { NocturneError } from '../lib/errors.js'
import type { Db, Tx } from './contract.js'
import { openState } from './open.js'
import type { StateOptions } from './open.js'

/** Leases and the test row of running gateways, which mean nothing elsewhere. */
const LEFT_OUT = new Set(['gateways', 'write_checks'])
const ROWS_AT_ONCE = 500
const INSERTED_AT_ONCE = 100

type Cell = string | number | null | { readonly b: string }

/**
 * Writes one consistent snapshot of a PostgreSQL database, even while others write to it.
 *
 * @param write takes one line at a time, without its line feed
 * @throws NocturneError `database_unavailable`; errors of `write` are passed on
 */
export async function copyRows(db: Db, write: (line: string) => Promise<void>): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await write(JSON.stringify({ v: 1, migrations: await migrationsOf(tx) }))
      let rows = 0
      for (const table of await tablesInOrder(tx)) rows += await copyTable(tx, table, write)
      await write(JSON.stringify({ rows }))
    })
}

async function copyTable(
  tx: Tx,
  table: string,
  write: (line: string) => Promise<void>,
): Promise<number> {
  const columns = await columnsOf(tx, table)
  await write(JSON.stringify({ table, columns }))
  await sql`declare copied no scroll cursor for select * from ${sql.table(table)}`.execute(tx)
  let copied = 0
  for (;;) {
    const { rows } = await sql<
      Record<string, unknown>
    >`fetch ${sql.lit(ROWS_AT_ONCE)} in copied`.execute(tx)
    for (const row of rows) await write(JSON.stringify(columns.map((name) => cellOf(row[name]))))
    copied += rows.length
    if (rows.length < ROWS_AT_ONCE) break
  }
  await sql`close copied`.execute(tx)
  return copied
}

function cellOf(value: unknown): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString('base64') }
  throw new TypeError('a column has a type that the schema does not use')
}

const migrationsOf = async (tx: Tx): Promise<readonly string[]> =>
  (
    await sql<{ name: string }>`select name from kysely_migration order by name`.execute(tx)
  ).rows.map(({ name }) => name)

const columnsOf = async (tx: Tx, table: string): Promise<readonly string[]> =>
  (
    await sql<{ name: string }>`select column_name as name from information_schema.columns
      where table_schema = current_schema() and table_name = ${table} order by ordinal_position`.execute(
      tx,
    )
  ).rows.map(({ name }) => name)

/** Every table after those that its rows refer to. */
async function tablesInOrder(tx: Tx): Promise<readonly string[]> {
  const { rows: tables } = await sql<{ name: string }>`select table_name as name
    from information_schema.tables where table_schema = current_schema()
    and table_type = 'BASE TABLE' order by table_name`.execute(tx)
  const { rows: keys } = await sql<{ child: string; parent: string }>`
    select child.relname as child, parent.relname as parent from pg_constraint
    join pg_class child on child.oid = conrelid join pg_class parent on parent.oid = confrelid
    where contype = 'f' and connamespace = current_schema()::regnamespace`.execute(tx)
  const ordered = new Set<string>()
  const visit = (name: string): void => {
    if (ordered.has(name)) return
    for (const { child, parent } of keys) if (child === name && parent !== name) visit(parent)
    ordered.add(name)
  }
  for (const { name } of tables) visit(name)
  return [...ordered].filter((name) => !name.startsWith('kysely_') && !LEFT_OUT.has(name))
}

/**
 * Loads a copy into an empty database, all of it or nothing. The schema becomes that of the copy;
 * opening the database brings it up to date.
 *
 * @throws NocturneError `database_not_empty`, `database_newer` for a copy by a later version;
 *   TypeError for a copy that is not complete
 */
export async function loadRows(
  url: string,
  lines: AsyncIterable<string>,
  options: StateOptions = {},
): Promise<void> {
  const source = lines[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const step = await source.next()
    return step.done === true ? undefined : (JSON.parse(step.value) as unknown)
  }
  const head = (await next()) as { readonly v?: number; readonly migrations?: string[] } | undefined
  if (head?.v !== 1 || !head.migrations) throw new TypeError('not a copy of a database')
  const { migrationsFor } = await import('./migrate.js')
  const wanted = new Set(head.migrations)
  const state = await openState(url, {
    ...options,
    migrationsFor: (engine) => {
      const known = migrationsFor(engine)
      if (head.migrations?.some((name) => !Object.hasOwn(known, name)))
        throw new NocturneError('database_newer')
      return Object.fromEntries(Object.entries(known).filter(([name]) => wanted.has(name)))
    },
  })
  try {
    await state.transaction((tx) => loadAll(tx, next))
  } finally {
    await state.close()
  }
}

async function loadAll(tx: Tx, next: () => Promise<unknown>): Promise<void> {
  const loading: Loading = { table: undefined, columns: [], waiting: [], rows: 0 }
  for (let line = await next(); line !== undefined; line = await next()) {
    if (Array.isArray(line)) {
      loading.waiting.push(line as Cell[])
      if (loading.waiting.length >= INSERTED_AT_ONCE) await insert(tx, loading)
      continue
    }
    await insert(tx, loading)
    const { table, columns, rows } = line as {
      readonly table?: string
      readonly columns?: string[]
      readonly rows?: number
    }
    if (rows !== undefined) {
      if (rows !== loading.rows) throw new TypeError('rows are missing from the copy')
      return
    }
    if (table === undefined || columns === undefined) throw new TypeError('an unknown line')
    await expectEmpty(tx, table)
    Object.assign(loading, { table, columns })
  }
  // Also reached if the transaction has to be retried: the lines can be read only once.
  throw new TypeError('the copy is not complete')
}

interface Loading {
  table: string | undefined
  columns: readonly string[]
  waiting: Cell[][]
  /** Inserted so far. */
  rows: number
}

async function insert(tx: Tx, loading: Loading): Promise<void> {
  const { table, columns, waiting } = loading
  if (waiting.length === 0) return
  if (table === undefined) throw new TypeError('rows without a table')
  const values = waiting.map(
    (row) =>
      sql`(${sql.join(row.map((cell) => (isBytes(cell) ? Buffer.from(cell.b, 'base64') : cell)))})`,
  )
  await sql`insert into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))})
    values ${sql.join(values)}`.execute(tx)
  loading.rows += waiting.length
  loading.waiting = []
}

const isBytes = (cell: Cell): cell is { readonly b: string } =>
  typeof cell === 'object' && cell !== null

/** On an empty database, migrations write no rows: any that are there are somebody's. */
async function expectEmpty(tx: Tx, table: string): Promise<void> {
  const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(tx)
  if (rows.length > 0) throw new NocturneError('database_not_empty')
}
