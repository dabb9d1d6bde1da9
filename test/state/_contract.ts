/** The contract of every database, run on each. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { NocturneError, systemCode } from '../../src/lib/errors.js'
import { isUniqueViolation, openState } from '../../src/state/index.js'
import type { State, Tx } from '../../src/state/index.js'
import type { TransferTable } from '../../src/state/tables/transfers.js'

export interface Database {
  readonly url: string
  stop(): Promise<void>
}

export function describeContract(name: string, start: () => Promise<Database>): void {
  describe(`${name} as state`, () => {
    let database: Database
    const open: State[] = []

    async function openOne(): Promise<State> {
      const state = await openState(database.url)
      open.push(state)
      return state
    }

    beforeAll(async () => {
      database = await start()
    })
    afterEach(async () => {
      for (const state of open.splice(0)) await state.close()
    })
    afterAll(async () => {
      await database.stop()
    })

    it('answers a ping, and refuses it after closing', async () => {
      const state = await openOne()
      await state.ping()
      // A database in this process has no other clock.
      const differs = Math.abs(((await state.serverTime()) ?? Date.now()) - Date.now())
      expect(differs).toBeLessThan(60_000)
      await state.close()
      open.length = 0
      await expect(state.ping()).rejects.toThrow()
    })

    it('migrates an empty database, and a second time without changes', async () => {
      const first = await openOne()
      const tables = async (state: State) =>
        (await state.db.introspection.getTables()).map((table) => table.name).sort()
      const before = await tables(first)
      expect(before).toEqual([
        'actions',
        'alerts',
        'arrivals',
        'assessments',
        'case_notes',
        'case_reports',
        'case_targets',
        'case_transfers',
        'cases',
        'certificate_changes',
        'certificates',
        'challenges',
        'client_certificates',
        'config_marks',
        'critical_answers',
        'critical_results',
        'crosswalk_pieces',
        'crosswalks',
        'deposits',
        'doubted_spans',
        'downloads',
        'duty_swaps',
        'enrolled',
        'envelopes',
        'escalations',
        'events',
        'facility_keys',
        'gateway_keys',
        'gateways',
        'handovers',
        'invitations',
        'items',
        'key_packets',
        'ledger_cursors',
        'ledger_head',
        'ledger_sinks',
        'ledger_tiles',
        'ledger_witnessed',
        'outbox',
        'patients',
        'prior_queries',
        'prior_studies',
        'proof_keys',
        'push_subscriptions',
        'quarantine',
        'register_entries',
        'reminders',
        'removals',
        'report_feedback',
        'reports',
        'requisition_orders',
        'sealed_objects',
        'sealed_transfers',
        'sealing_sets',
        'statements',
        'time_marks',
        'tokens',
        'transfers',
        'upload_keys',
        'usage',
        'waiting_studies',
        'write_checks',
      ])
      expect(await tables(await openOne())).toEqual(before)
    })

    it('returns blobs, large integers and nulls as stored', async () => {
      const state = await openOne()
      const every = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i))
      const row = transfer('types', { created_at: Number.MAX_SAFE_INTEGER, byte_count: 0 })
      await state.transaction(async (tx) => {
        await tx.insertInto('transfers').values(row).execute()
        await tx.insertInto('envelopes').values(envelope('types', 'types')).execute()
        const packet = { envelope: 'types', fingerprint: 'f', recipient: 'r', packet: every }
        await tx.insertInto('key_packets').values(packet).execute()
      })
      const read = state.db.selectFrom('transfers').selectAll().where('id', '=', 'types')
      expect(await read.executeTakeFirst()).toEqual(row)
      const { packet } = await state.db
        .selectFrom('key_packets')
        .select('packet')
        .executeTakeFirstOrThrow()
      expect(Buffer.isBuffer(packet)).toBe(true)
      expect(packet.equals(every)).toBe(true)
      const sums = await state.db
        .selectFrom('transfers')
        .select((e) => [e.fn.countAll<number>().as('n'), e.fn.sum<number>('created_at').as('sum')])
        .executeTakeFirstOrThrow()
      expect(sums).toEqual({ n: 1, sum: Number.MAX_SAFE_INTEGER })
    })

    it('refuses to read an integer beyond 53 bits rather than round it', async () => {
      const state = await openOne()
      await state.transaction(async (tx) => {
        await sql`insert into challenges values ('large', 'p', 9007199254740993)`.execute(tx)
      })
      const read = state.db.selectFrom('challenges').selectAll().where('nonce', '=', 'large')
      await expect(read.execute()).rejects.toThrow(RangeError)
    })

    it('refuses a value of the wrong type', async () => {
      const state = await openOne()
      const wrong = (tx: Tx) =>
        sql`insert into challenges values ('wrong', 'p', 'soon')`.execute(tx)
      expect(await failureOf(state.transaction(wrong))).toMatch(
        /^(SQLITE_CONSTRAINT_DATATYPE|22P02)$/,
      )
    })

    it('leaves nothing behind when the change throws, and passes on the error', async () => {
      const state = await openOne()
      const refusal = new NocturneError('already_claimed')
      const failing = state.transaction(async (tx) => {
        await tx.insertInto('challenges').values(challenge('rolled-back')).execute()
        throw refusal
      })
      await expect(failing).rejects.toBe(refusal)
      expect(await nonces(state)).not.toContain('rolled-back')
    })

    it('never reports success for a transaction that did not commit', async () => {
      const state = await openOne()
      const swallowing = state.transaction(async (tx) => {
        await tx.insertInto('challenges').values(challenge('swallowed')).execute()
        await sql`select * from no_such_table`.execute(tx).catch(() => undefined)
      })
      const said = await swallowing.then(
        () => 'committed',
        () => 'failed',
      )
      const isThere = (await nonces(state)).includes('swallowed')
      expect(isThere).toBe(said === 'committed')
    })

    it('keeps what was committed after reopening', async () => {
      const first = await openOne()
      await first.transaction((tx) =>
        tx.insertInto('challenges').values(challenge('durable')).execute(),
      )
      await first.close()
      open.length = 0
      expect(await nonces(await openOne())).toContain('durable')
    })

    it('distinguishes an existing row from other failures', async () => {
      const state = await openOne()
      const insert = (nonce: string) =>
        state.transaction((tx) => tx.insertInto('challenges').values(challenge(nonce)).execute())
      await insert('once')
      const error: unknown = await insert('once').catch((e: unknown) => e)
      expect(isUniqueViolation(error)).toBe(true)
      const other: unknown = await state
        .transaction((tx) => tx.insertInto('envelopes').values(envelope('e', 'none')).execute())
        .catch((e: unknown) => e)
      expect(systemCode(other)).toMatch(/^(SQLITE_CONSTRAINT_FOREIGNKEY|23503)$/)
      expect(isUniqueViolation(other)).toBe(false)
    })

    it('deletes the parts of a transfer with it, but never a quarantined item', async () => {
      const state = await openOne()
      await state.transaction(async (tx) => {
        await tx
          .insertInto('transfers')
          .values([transfer('t1'), transfer('t2')])
          .execute()
        await tx
          .insertInto('envelopes')
          .values([envelope('e1', 't1'), envelope('e2', 't2')])
          .execute()
        await tx.insertInto('quarantine').values(held('q', 't2')).execute()
      })
      const remove = (id: string) =>
        state.transaction((tx) => tx.deleteFrom('transfers').where('id', '=', id).execute())
      await remove('t1')
      expect(await failureOf(remove('t2'))).toMatch(
        /^(SQLITE_CONSTRAINT_TRIGGER|SQLITE_CONSTRAINT_FOREIGNKEY|23503)$/,
      )
      const left = await state.db
        .selectFrom('envelopes')
        .select('id')
        .where('id', 'in', ['e1', 'e2'])
        .execute()
      expect(left).toEqual([{ id: 'e2' }])
    })

    it('does not write through the connection for reading', async () => {
      const state = await openOne()
      const write = state.db.insertInto('challenges').values(challenge('sneaked')).execute()
      expect(await failureOf(write)).toBe('database_unavailable')
      expect(await nonces(state)).not.toContain('sneaked')
    })

    it('reads during a transaction without seeing any of its changes before its end', async () => {
      const state = await openOne()
      await state.transaction(async (tx) => {
        await tx.insertInto('challenges').values(challenge('under-way')).execute()
        expect(await nonces(state)).not.toContain('under-way')
      })
      expect(await nonces(state)).toContain('under-way')
    })

    it('counts correctly when two gateways increment at the same time', async () => {
      const states = [await openOne(), await openOne()]
      const id = 'counted'
      await states[0]!.transaction((tx) =>
        tx.insertInto('transfers').values(transfer(id)).execute(),
      )
      const countUp = (state: State) =>
        state.transaction(async (tx) => {
          const row = tx.selectFrom('transfers').select('item_count').where('id', '=', id)
          const locking = state.kind === 'postgres' ? row.forUpdate() : row
          const { item_count } = await locking.executeTakeFirstOrThrow()
          await tx
            .updateTable('transfers')
            .set({ item_count: item_count + 1 })
            .where('id', '=', id)
            .execute()
        })
      await Promise.all(Array.from({ length: 40 }, (_, i) => countUp(states[i % 2]!)))
      const { item_count } = await states[1]!.db
        .selectFrom('transfers')
        .select('item_count')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      expect(item_count).toBe(40)
    })

    it('lets exactly one of twenty claims win', async () => {
      const states = [await openOne(), await openOne()]
      await states[0]!.transaction((tx) =>
        tx.insertInto('transfers').values(transfer('claimed')).execute(),
      )
      const claim = (state: State, reader: string) =>
        state.transaction(async (tx) => {
          const { numUpdatedRows } = await tx
            .updateTable('transfers')
            .set({ claimed_by: reader, claimed_at: 1 })
            .where('id', '=', 'claimed')
            .where('claimed_by', 'is', null)
            .executeTakeFirst()
          return numUpdatedRows === 1n ? reader : undefined
        })
      const claims = Array.from({ length: 20 }, (_, i) => claim(states[i % 2]!, `reader-${i}`))
      const winners = (await Promise.all(claims)).filter((reader) => reader !== undefined)
      expect(winners).toHaveLength(1)
      const { claimed_by } = await states[0]!.db
        .selectFrom('transfers')
        .select('claimed_by')
        .where('id', '=', 'claimed')
        .executeTakeFirstOrThrow()
      expect(claimed_by).toBe(winners[0])
    })
  })
}

/**
 * Code of the rejection. Native errors come from another realm than the test, so `toThrow` does not
 * recognize them.
 */
const failureOf = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(() => undefined, systemCode)

async function nonces(state: State): Promise<readonly string[]> {
  return (await state.db.selectFrom('challenges').select('nonce').execute()).map((row) => row.nonce)
}

const challenge = (nonce: string) => ({ nonce, principal: 'p', expires_at: 1 })

const envelope = (id: string, transfer: string) => ({
  id,
  transfer,
  state: 'receiving' as const,
  format: 'seipd2' as const,
  lease_until: 1,
})

const held = (id: string, transfer: string) => ({
  id,
  transfer,
  idx: 1,
  facility: 'facility-a',
  code: 'malformed',
  object: 'o',
  size: 1,
  state: 'held' as const,
  created_at: 1,
})

const transfer = (id: string, values: Partial<TransferTable> = {}): TransferTable => ({
  id,
  facility: 'facility-a',
  group_id: 'nights',
  continues: null,
  profile: null,
  sent_handle: null,
  missing: 0,
  sender: 'facility-a-sender',
  priority: 'stat',
  state: 'available',
  created_at: 1,
  available_at: null,
  claimed_by: null,
  claimed_at: null,
  acknowledged_by: null,
  acknowledged_at: null,
  item_count: 0,
  byte_count: 0,
  next_index: 1,
  manifest_digest: null,
  manifest_object: null,
  manifest_size: null,
  manifest_envelope: null,
  patient: null,
  ...values,
})
