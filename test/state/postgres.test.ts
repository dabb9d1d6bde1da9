import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { openState } from '../../src/state/index.js'
import { postgresMissing, query, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { describeContract } from './_contract.js'
import { describeSharing } from './_sharing.js'

if (postgresMissing !== undefined) {
  describe.skip(`PostgreSQL as state (skipped: ${postgresMissing})`, () => {
    it.todo('keeps the contract')
  })
} else {
  describeContract('PostgreSQL', startPostgres)

  describe('a PostgreSQL server', () => {
    let server: TestPostgres
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(async () => {
      await server.stop()
    })

    let databases = 0
    describeSharing('PostgreSQL', async () => {
      const name = `sharing_${String(++databases)}`
      await query(server.url, `create database ${name}`)
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return { url: url.href, stop: () => Promise.resolve() }
    })

    it('is migrated once when four gateways start at the same time', async () => {
      const states = await Promise.all(Array.from({ length: 4 }, () => openState(server.url)))
      for (const state of states) await state.close()
    })

    it('accepts the password separately from its URL, and is unusable with a wrong one', async () => {
      const url = new URL(server.url)
      const { password } = url
      url.password = ''
      const state = await openState(url.href, { password })
      await state.ping()
      await state.close()
      const wrong = openState(url.href, { password: 'wrong' })
      await expect(wrong).rejects.toMatchObject({ code: 'database_unusable' })
      url.pathname = '/none'
      const other = openState(url.href, { password })
      await expect(other).rejects.toMatchObject({ code: 'database_unusable' })
    })

    it('that is not running is unavailable', async () => {
      const gone = openState('postgres://nobody@127.0.0.1:1/none')
      await expect(gone).rejects.toMatchObject({ code: 'database_unavailable' })
    })

    it('commits durably even if its own configuration does not', async () => {
      await query(server.url, 'alter database postgres set synchronous_commit = off')
      const state = await openState(server.url)
      const shown = await state.transaction((tx) =>
        sql<{ synchronous_commit: string }>`show synchronous_commit`.execute(tx),
      )
      expect(shown.rows).toEqual([{ synchronous_commit: 'on' }])
      await state.close()
      await query(server.url, 'alter database postgres reset synchronous_commit')
    })

    it('may cut off every session: statements in progress fail, and later ones work', async () => {
      const state = await openState(server.url)
      const cutOff = state.transaction(async (tx) => {
        await query(
          server.url,
          'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
        )
        await sql`select 1`.execute(tx)
      })
      await expect(cutOff).rejects.toMatchObject({ code: 'database_unavailable' })
      await state.transaction((tx) => sql`select 1`.execute(tx))
      await state.close()
    })
  })
}
