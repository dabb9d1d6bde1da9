import { afterEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { NocturneError } from '../../src/lib/errors.js'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { verifyReceipt } from '../../src/ledger/verify/verify.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import type { Tx } from '../../src/state/index.js'
import { event, fill, GATEWAY, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'

describe('the ledger', () => {
  const open: OpenLedger[] = []
  async function openOne(): Promise<OpenLedger> {
    const one = await openLedger()
    open.push(one)
    return one
  }
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })

  const challenge = (nonce: string) => (tx: Tx) =>
    tx.insertInto('challenges').values({ nonce, principal: 'p', expires_at: 1 }).execute()

  it('begins with a signed checkpoint of the empty tree', async () => {
    const { ledger } = await openOne()
    const lines = (await ledger.checkpoint()).split('\n')
    expect(lines.slice(0, 3)).toEqual([
      `${GATEWAY}/audit`,
      '0',
      '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    ])
    expect(await ledger.verify()).toMatchObject({ ok: true, size: 0 })
  })

  it('commits a change and its events together, and returns a receipt for each event', async () => {
    const { ledger, state } = await openOne()
    const { value, receipts } = await ledger.record(async (tx) => {
      await challenge('kept')(tx)
      return { value: 'done', events: [event(), event({ type: 'transfer.released' })] }
    })
    expect(value).toBe('done')
    expect(receipts.map(({ index }) => index)).toEqual([0, 1])
    const { rows } = await ledger.query({})
    expect(rows.map(({ entry }) => entry.id)).toEqual(receipts.map(({ id }) => id))
    expect(await state.db.selectFrom('challenges').select('nonce').execute()).toEqual([
      { nonce: 'kept' },
    ])
    expect(await ledger.verify()).toMatchObject({ ok: true, size: 2 })
  })

  it('passes on the error of a change unchanged, and keeps nothing of the change', async () => {
    const { ledger, state } = await openOne()
    for (const refusal of [new NocturneError('already_claimed'), new TypeError('a mistake')]) {
      const failing = ledger.record(async (tx) => {
        await challenge('lost')(tx)
        throw refusal
      })
      await expect(failing).rejects.toBe(refusal)
    }
    expect(await state.db.selectFrom('challenges').selectAll().execute()).toEqual([])
    expect(await ledger.verify()).toMatchObject({ ok: true, size: 0 })
  })

  it('undoes only the failing changes when several are committed together', async () => {
    const { ledger, state } = await openOne()
    const calls = Array.from({ length: 40 }, (_, i) =>
      ledger.record(async (tx) => {
        await challenge(`n${i}`)(tx)
        if (i % 3 === 0) throw new NocturneError('already_claimed')
        return { value: i, events: [event({ detail: { number: i } })] }
      }),
    )
    const settled = await Promise.allSettled(calls)
    expect(settled.map(({ status }) => status === 'rejected')).toEqual(
      Array.from({ length: 40 }, (_, i) => i % 3 === 0),
    )
    const indices = settled.flatMap((one) =>
      one.status === 'fulfilled' ? one.value.receipts.map(({ index }) => index) : [],
    )
    expect(indices.sort((a, b) => a - b)).toEqual(Array.from({ length: 26 }, (_, i) => i))
    expect(await state.db.selectFrom('challenges').selectAll().execute()).toHaveLength(26)
    expect(await ledger.verify()).toMatchObject({ ok: true, size: 26 })
  })

  it('lets a later change in a group see the effect of an earlier one', async () => {
    const { ledger } = await openOne()
    const claims = Array.from({ length: 20 }, (_, i) =>
      ledger.record(async (tx) => {
        const taken = await tx.selectFrom('challenges').select('nonce').executeTakeFirst()
        if (taken) throw new NocturneError('already_claimed')
        await challenge('claim')(tx)
        return { value: i, events: [event()] }
      }),
    )
    const won = (await Promise.allSettled(claims)).filter(({ status }) => status === 'fulfilled')
    expect(won).toHaveLength(1)
  })

  it('refuses an event that is too large or has no canonical form, and keeps working', async () => {
    const { ledger } = await openOne()
    const wrong = [{ text: 'x'.repeat(33_000) }, { fraction: 0.5 }, { text: '\ud800' }]
    const calls = wrong.map((detail) => ledger.note(event({ detail })))
    const last = ledger.note(event({ detail: { text: 'x'.repeat(30_000) } }))
    for (const call of calls)
      await expect(call).rejects.toMatchObject({ code: 'ledger_unavailable' })
    expect(await last).toMatchObject({ index: 0 })
  })

  it('is unavailable to every caller in the group when the database is', async () => {
    const { ledger, state } = await openOne()
    await state.close()
    const calls = [ledger.note(event()), ledger.note(event())]
    for (const call of calls)
      await expect(call).rejects.toMatchObject({ code: 'ledger_unavailable' })
    open.length = 0
  })

  it('is unavailable while the disk is full, keeps nothing meanwhile, and recovers when there is space', async () => {
    const { ledger, state } = await openOne()
    await fill(ledger, 100)
    const limitPages = (pages: number) =>
      state.transaction((tx) => sql`pragma max_page_count = ${sql.lit(pages)}`.execute(tx))
    await limitPages(1)
    const full = Array.from({ length: 40 }, (_, i) =>
      ledger.record(async (tx) => {
        await challenge(`full-${i}`)(tx)
        return { value: i, events: [event({ detail: { text: 'x'.repeat(20_000) } })] }
      }),
    )
    for (const one of await Promise.allSettled(full))
      expect(one).toMatchObject({ reason: { code: 'ledger_unavailable' } })
    await limitPages(1_000_000)
    expect(await state.db.selectFrom('challenges').selectAll().execute()).toEqual([])
    expect(await ledger.note(event())).toMatchObject({ index: 100 })
    expect(await ledger.verify()).toMatchObject({ ok: true, size: 101 })
  })

  it('records each type of event with its DICOM codes, a unique nonce and nothing else that was not given', async () => {
    const { ledger } = await openOne()
    const input: EventInput = event({
      facility: 'facility-a',
      group: 'nights',
      transfer: 't',
      item: 3,
      patient: 'ph:facility-a:00',
      related: 'begin',
      detail: { bytes: 12, codes: ['a', null, true] },
    })
    await ledger.note(input)
    await ledger.note(input)
    const { rows } = await ledger.query({})
    const [one, two] = rows.map(({ entry }) => entry)
    expect(one).toMatchObject({ ...input, v: 1, dcm: ['110111'], gateway: GATEWAY })
    expect(one?.nonce).toMatch(/^[0-9a-f]{32}$/)
    expect(one?.nonce).not.toBe(two?.nonce)
  })

  it('continues from the same point after reopening', async () => {
    const one = await openOne()
    const { ledger } = one
    await fill(ledger, 700)
    const again = await one.reopen()
    expect(await again.note(event())).toMatchObject({ index: 700 })
    expect(await ledger.note(event())).toMatchObject({ index: 701 })
    expect(await again.verify()).toMatchObject({ ok: true, size: 702 })
  })

  it('does not open under another key or name', async () => {
    const { state, signingKey } = await openOne()
    const other = newLedgerKey(GATEWAY).privateKey
    const broken = { code: 'ledger_broken' }
    await expect(
      createLedger({ state, gateway: GATEWAY, signingKey: other, now: Date.now }),
    ).rejects.toMatchObject(broken)
    await expect(
      createLedger({ state, gateway: 'other.example', signingKey, now: Date.now }),
    ).rejects.toMatchObject(broken)
    for (const gateway of ['', 'two words', 'a+b'])
      await expect(
        createLedger({ state, gateway, signingKey, now: Date.now }),
      ).rejects.toMatchObject({
        code: 'site_invalid',
      })
    await expect(
      createLedger({ state, gateway: GATEWAY, signingKey: 'no key', now: Date.now }),
    ).rejects.toMatchObject({ code: 'site_invalid' })
  })

  it('returns a receipt that verifies offline, and none for an entry that does not exist', async () => {
    const { ledger } = await openOne()
    await fill(ledger, 300)
    for (const index of [0, 1, 255, 256, 299]) {
      const receipt = await ledger.proof(index)
      const report = await verifyReceipt(receipt, ledger.verifierKey, nodeCrypto)
      expect(report).toMatchObject({ ok: true, index, size: 300 })
      expect(JSON.parse(report.entry ?? '')).toMatchObject({ detail: { number: index } })
    }
    for (const index of [300, -1, 0.5, NaN])
      await expect(ledger.proof(index)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('serves the tiles of the log, and no others', async () => {
    const { ledger } = await openOne()
    await fill(ledger, 513)
    expect(await ledger.tile(0, 0)).toHaveLength(8192)
    expect(await ledger.tile(0, 2, 1)).toHaveLength(32)
    expect(await ledger.tile(1, 0, 2)).toHaveLength(64)
    const none: [number, number, number?][] = [
      [0, 2],
      [0, 3, 1],
      [1, 0],
      [0, 2, 2],
      [64, 0, 1],
      [-1, 0],
      [0, 0, 0],
      [0, 0, 257],
      [0, 0.5],
    ]
    for (const [level, n, width] of none)
      await expect(ledger.tile(level, n, width)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('returns the entries in order, however many there are', async () => {
    const { ledger } = await openOne()
    await fill(ledger, 600)
    const indices: number[] = []
    for await (const { index, bytes } of ledger.entries(10, 590)) {
      indices.push(index)
      expect(JSON.parse(bytes.toString())).toMatchObject({ detail: { number: index } })
    }
    expect(indices).toEqual(Array.from({ length: 580 }, (_, i) => i + 10))
  })
})
