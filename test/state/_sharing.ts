/**
 * Builds with two schema versions on the same database, run on each engine. The later build is this
 * one with an additional migration.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { VERSION } from '../../src/lib/version.js'
import { migrationsFor } from '../../src/state/migrate.js'
import type { Migrations } from '../../src/state/migrate.js'
import { ENGINES } from '../../src/state/migrations/engine.js'
import type { Engine } from '../../src/state/migrations/engine.js'
import { openState } from '../../src/state/index.js'
import type { State, StateOptions } from '../../src/state/index.js'
import type { Database } from './_contract.js'

const MINUTE_MS = 60_000
const OURS = Object.keys(migrationsFor(ENGINES.sqlite)).sort().at(-1) ?? ''

/** Migrations of a later build. */
export const laterMigrations = (engine: Engine): Migrations => ({
  ...migrationsFor(engine),
  '9999-later': {
    up: async (db) => {
      await db.schema.createTable('later').addColumn('id', 'text').execute()
    },
  },
})
const LATER: StateOptions = { migrationsFor: laterMigrations }

export function describeSharing(name: string, start: () => Promise<Database>): void {
  describe(`${name} shared by gateways`, () => {
    let database: Database
    const open: State[] = []
    let time: number
    const now = () => time

    beforeEach(async () => {
      database = await start()
      time = 1_000_000
    })
    afterEach(async () => {
      for (const state of open.splice(0)) await state.close()
      await database.stop()
    })
    const openOne = async (options: StateOptions = {}): Promise<State> => {
      const state = await openState(database.url, { now, ...options })
      open.push(state)
      return state
    }
    const joinAs = (state: State, id: string) => state.join({ id, now })
    const write = (state: State, nonce: string) =>
      state.transaction((tx) =>
        tx.insertInto('challenges').values({ nonce, principal: 'p', expires_at: 1 }).execute(),
      )
    const newer = {
      code: 'database_newer',
      subject: `the database is at 9999-later, nocturne ${VERSION} knows up to ${OURS}`,
    }
    const older = {
      code: 'gateways_older',
      subject: `running: nocturne ${VERSION} with ${OURS}`,
    }

    it('lets gateways of one version join and leave', async () => {
      const first = await joinAs(await openOne(), 'a')
      const second = await joinAs(await openOne(), 'b')
      await first.renew()
      await first.leave()
      await second.leave()
      await joinAs(await openOne(LATER), 'c')
    })

    it('refuses an older build, naming both, once a newer one has migrated', async () => {
      await (await openOne(LATER)).close()
      open.length = 0
      await expect(openOne()).rejects.toMatchObject(newer)
    })

    it('refuses to migrate, naming it, while a gateway of an older build runs, and changes nothing', async () => {
      const state = await openOne()
      const gateway = await joinAs(state, 'a')
      await expect(openOne(LATER)).rejects.toMatchObject(older)
      time += MINUTE_MS - 1
      await expect(openOne(LATER)).rejects.toMatchObject(older)
      await gateway.renew()
      time += MINUTE_MS / 2
      await expect(openOne(LATER)).rejects.toMatchObject(older)
      await write(state, 'unharmed')
      await gateway.leave()
      await openOne(LATER)
    })

    it('migrates after the lease of a gateway that was killed', async () => {
      await joinAs(await openOne(), 'killed')
      time += MINUTE_MS
      await openOne(LATER)
    })

    it("migrates immediately over a killed gateway's row, for a gateway that is alone", async () => {
      await joinAs(await openOne(), 'killed')
      await expect(openOne(LATER)).rejects.toMatchObject(older)
      await openOne({ ...LATER, isAlone: true })
    })

    it('stops a gateway that was taken for dead from writing to the newer schema', async () => {
      const state = await openOne()
      const gateway = await joinAs(state, 'suspended')
      await write(state, 'before')
      time += MINUTE_MS
      const later = await openOne(LATER)
      await expect(write(state, 'after')).rejects.toMatchObject(newer)
      await expect(gateway.renew()).rejects.toMatchObject(newer)
      // Not even when its clock is set back.
      time -= MINUTE_MS
      await expect(write(state, 'later still')).rejects.toMatchObject(newer)
      const rows = await later.db.selectFrom('challenges').select('nonce').execute()
      expect(rows).toEqual([{ nonce: 'before' }])
    })

    it('renews a lapsed lease in the first transaction, when nothing has changed', async () => {
      const state = await openOne()
      await joinAs(state, 'suspended')
      time += 10 * MINUTE_MS
      await write(state, 'after')
      await expect(openOne(LATER)).rejects.toMatchObject(older)
    })

    it('never lets both in when one joins while the other migrates', async () => {
      const state = await openOne()
      const both = await Promise.allSettled([joinAs(state, 'a'), openOne(LATER)])
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })
  })
}
