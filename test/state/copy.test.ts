/** All rows of PostgreSQL, as one snapshot, into SQLite and into another PostgreSQL database. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyRows, loadRows, openState } from '../../src/state/index.js'
import type { State } from '../../src/state/index.js'
import { postgresMissing, query, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'

const EVENTS = 1_234

async function* from(lines: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve()
  yield* lines
}

const fill = async (state: State, count: number): Promise<void> => {
  await state.transaction(async (tx) => {
    for (let i = 0; i < count; i++)
      await tx
        .insertInto('reminders')
        .values({ key: `key ${i}`, given_at: i * 1e9 })
        .execute()
    await tx
      .insertInto('ledger_tiles')
      .values({ level: 0, n: 0, hashes: Buffer.from([0, 1, 255]) })
      .execute()
  })
}
const keysIn = async (state: State) =>
  (await state.db.selectFrom('reminders').selectAll().orderBy('given_at').execute()).map(
    ({ key, given_at: at }) => [key, at],
  )

if (postgresMissing !== undefined) {
  describe.skip(`a copy of PostgreSQL (skipped: ${postgresMissing})`, () => {
    it.todo('has every row')
  })
} else {
  describe('a copy of PostgreSQL', () => {
    let server: TestPostgres
    let dir: string
    let lines: string[]
    const database = async (name: string): Promise<string> => {
      await query(server.url, `create database ${name}`)
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return url.href
    }

    beforeAll(async () => {
      server = await startPostgres()
      dir = await mkdtemp(join(tmpdir(), 'copy-'))
      const state = await openState(server.url)
      await fill(state, EVENTS)
      lines = []
      await copyRows(state.db, async (line) => {
        // Written meanwhile, and not part of the snapshot.
        if (lines.length === 1) await state.transaction((tx) => addLate(tx))
        lines.push(line)
      })
      await state.close()
    })
    afterAll(async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    })
    const addLate = (tx: Parameters<Parameters<State['transaction']>[0]>[0]) =>
      tx.insertInto('reminders').values({ key: 'late', given_at: 0 }).execute()

    it.each(['sqlite', 'postgres'])('has every row of the snapshot in %s', async (kind) => {
      const url = kind === 'sqlite' ? `sqlite:${join(dir, 'a.db')}` : await database('target')
      await loadRows(url, from(lines))
      const state = await openState(url)
      const keys = await keysIn(state)
      expect(keys).toHaveLength(EVENTS)
      expect(keys[7]).toEqual(['key 7', 7e9])
      const [tile] = await state.db.selectFrom('ledger_tiles').selectAll().execute()
      expect(Buffer.from(tile?.hashes ?? []).toString('hex')).toBe('0001ff')
      await state.close()
    })

    it('is refused by a database that has rows, and by one of an earlier version', async () => {
      const url = await database('taken')
      const state = await openState(url)
      await fill(state, 1)
      await expect(loadRows(url, from(lines))).rejects.toMatchObject({ code: 'database_not_empty' })
      expect(await keysIn(state)).toHaveLength(1)
      await state.close()
      const [head = ''] = lines
      const newer = head.replace('"migrations":[', '"migrations":["9999-later",')
      await expect(
        loadRows(`sqlite:${join(dir, 'b.db')}`, from([newer, ...lines.slice(1)])),
      ).rejects.toMatchObject({ code: 'database_newer' })
    })

    it.each([
      ['without its end', (all: string[]) => all.slice(0, -1)],
      ['without a row', (all: string[]) => all.toSpliced(all.indexOf('["key 9",9000000000]'), 1)],
      ['without its head', (all: string[]) => all.slice(1)],
      ['with a line of something else', (all: string[]) => all.toSpliced(5, 0, '{"x":1}')],
    ])('%s changes nothing', async (name, change) => {
      const url = `sqlite:${join(dir, `${name.replaceAll(' ', '-')}.db`)}`
      await expect(loadRows(url, from(change(lines)))).rejects.toThrow(TypeError)
      const state = await openState(url)
      expect(await keysIn(state)).toEqual([])
      await state.close()
    })
  })
}
