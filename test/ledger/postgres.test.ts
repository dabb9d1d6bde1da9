import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { NocturneError } from '../../src/lib/errors.js'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addHold } from '../../src/ledger/retention/holds.js'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { proposePruning, prune } from '../../src/ledger/retention/prune.js'
import { reviewState } from '../../src/ledger/reviews/reviews.js'
import { openState } from '../../src/state/index.js'
import type { State } from '../../src/state/index.js'
import { postgresMissing, query, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { openLogFiles } from '../../src/store/index.js'
import { event, fill, GATEWAY } from './_open.js'

const isMissing = postgresMissing !== undefined
const title = `two gateways on one PostgreSQL${isMissing ? ` (skipped: ${postgresMissing})` : ''}`

;(isMissing ? describe.skip : describe)(title, () => {
  const { privateKey: signingKey } = newLedgerKey(GATEWAY)
  const states: State[] = []
  let server: TestPostgres
  const gateway = async () => {
    const state = await openState(server.url)
    states.push(state)
    return createLedger({ state, gateway: GATEWAY, signingKey, now: Date.now })
  }
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterEach(async () => {
    for (const state of states.splice(0)) await state.close()
  })
  afterAll(async () => {
    await server.stop()
  })

  it('begin one log when they start at the same time, and write it in order without gaps', async () => {
    const ledgers = await Promise.all([gateway(), gateway()])
    const notes = Array.from({ length: 300 }, (_, i) =>
      ledgers[i % 2]!.note(event({ detail: { number: i, gateway: i % 2 } })),
    )
    const indices = (await Promise.all(notes)).map(({ index }) => index)
    expect([...indices].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i))
    for (const ledger of ledgers)
      expect(await ledger.verify()).toMatchObject({ ok: true, size: 300 })
    const { rows } = await ledgers[0].query({ limit: 1000 })
    const writers = rows.map(({ entry }) => entry.detail?.gateway)
    expect(new Set(writers).size).toBe(2)
    expect(writers.indexOf(0)).toBeLessThan(writers.lastIndexOf(1))
  })

  it('let exactly one claim win, and undo the changes of the others', async () => {
    const ledgers = [await gateway(), await gateway()]
    const before = (await ledgers[0]!.verify()).size
    const claims = Array.from({ length: 30 }, (_, i) =>
      ledgers[i % 2]!.record(async (tx) => {
        await tx
          .insertInto('challenges')
          .values({ nonce: `try-${i}`, principal: 'p', expires_at: 1 })
          .execute()
        const taken = await tx
          .selectFrom('challenges')
          .select('nonce')
          .where('nonce', '=', 'claim')
          .executeTakeFirst()
        if (taken) throw new NocturneError('already_claimed')
        await tx
          .insertInto('challenges')
          .values({ nonce: 'claim', principal: 'p', expires_at: 1 })
          .execute()
        return { value: i, events: [event()] }
      }),
    )
    const settled = await Promise.allSettled(claims)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of settled)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'already_claimed' })
    const kept = await states[0]!.db.selectFrom('challenges').select('nonce').execute()
    expect(kept).toHaveLength(2)
    expect(await ledgers[1]!.verify()).toMatchObject({ ok: true, size: before + 1 })
  })

  it('keeps working after a failed statement in one change of a group', async () => {
    const ledger = await gateway()
    const insert = (nonce: string) =>
      ledger.record(async (tx) => {
        await tx.insertInto('challenges').values({ nonce, principal: 'p', expires_at: 1 }).execute()
        return { value: nonce, events: [event()] }
      })
    const settled = await Promise.allSettled(['a', 'b', 'a', 'c', 'b'].map(insert))
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      false,
      true,
      false,
    ])
    expect(await ledger.verify()).toMatchObject({ ok: true })
  })

  it('return ledger_unavailable while all sessions are cut off, and recover afterwards', async () => {
    const ledger = await gateway()
    const before = (await ledger.verify()).size
    const cut = ledger.record(async () => {
      await query(
        server.url,
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
      )
      return { value: undefined, events: [event()] }
    })
    await expect(cut).rejects.toMatchObject({ code: 'ledger_unavailable' })
    expect(await ledger.note(event())).toMatchObject({ index: before })
    expect(await ledger.verify()).toMatchObject({ ok: true, size: before + 1 })
  })

  it('prune old entries under the same rules', async () => {
    const state = await openState(server.url)
    states.push(state)
    let time = Date.now()
    const now = () => time
    const ledger = await createLedger({ state, gateway: GATEWAY, signingKey, now })
    await fill(ledger, 600)
    const dir = await mkdtemp(join(tmpdir(), 'nocturne-pg-prune-'))
    const files = await openLogFiles({ kind: 'files', path: dir })
    const { verifierKey } = ledger
    const publisher = createPublisher({ state, files, verifierKey, holder: 'a', now, keepMs: 1 })
    const options = { state, ledger, files, publisher, now, years: 6 }
    const officer = { id: 'officer-1', role: 'officer' } as const
    const { index } = await addHold(ledger, officer, { transfer: 'nobody-s' })
    const { size } = await ledger.verify()
    time += 7 * 366 * 86_400_000
    await proposePruning(options, officer)
    const { entries } = await prune(options, { id: 'site', role: 'operator' }, 'a')
    // All complete bundles except the one with the event of the hold in force.
    const whole = Math.floor(size / 256)
    const isHoldWhole = Math.floor(index / 256) < whole
    expect(entries).toBe(256 * (isHoldWhole ? whole - 1 : whole))
    const report = await ledger.verify()
    expect(report.ok).toBe(true)
    expect(report.pruned?.reduce((sum, [from, until]) => sum + until - from, 0)).toBe(entries)
    await expect(reviewState(state.db, 7, time)).resolves.toMatchObject({ reviewed: 0 })
    await rm(dir, { recursive: true, force: true })
  })
})
