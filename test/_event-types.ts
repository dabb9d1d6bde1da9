/**
 * Collects the types of events recorded by real gateways, or by real rooms assembled in a test,
 * which `_report-events.mjs` compares with the catalogue.
 */
import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { State } from '../src/state/index.js'

/** For a site on SQLite whose gateway has stopped. */
export async function keepEventTypes(dir: string): Promise<void> {
  const list = process.env.NOCTURNE_TEST_EVENTS
  const file = join(dir, 'data/nocturne.db')
  if (list === undefined || !existsSync(file)) return
  const db = new Database(file, { readonly: true })
  try {
    const types = db.prepare('select distinct type from events').pluck().all() as string[]
    await appendFile(list, types.map((type) => `${type}\n`).join(''))
  } finally {
    db.close()
  }
}

/** For rooms that a test assembled on their own database. */
export async function keepEventTypesOf({ db }: State): Promise<void> {
  const list = process.env.NOCTURNE_TEST_EVENTS
  if (list === undefined) return
  const rows = await db.selectFrom('events').select('type').distinct().execute()
  await appendFile(list, rows.map(({ type }) => `${type}\n`).join(''))
}
