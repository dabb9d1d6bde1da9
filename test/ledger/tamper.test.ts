/**
 * What someone with access to the database could change without the ledger, and that it is detected
 * and named.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import { createSigner, newLedgerKey } from '../../src/ledger/published/signer.js'
import { sha256 } from '../../src/ledger/verify/node-crypto.js'
import { event, fill, GATEWAY, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'

const SIZE = 600

/** Changes a byte in the middle of a blob. */
const flip = (column: string, at: number): RawBuilder<unknown> => {
  const blob = sql.ref(column)
  const other = sql`case when substr(${blob}, ${sql.lit(at)}, 1) = x'41' then x'42' else x'41' end`
  return sql`substr(${blob}, 1, ${sql.lit(at - 1)}) || ${other} || substr(${blob}, ${sql.lit(at + 1)})`
}

const otherKey = createSigner(GATEWAY, newLedgerKey(GATEWAY).privateKey)
const forged = otherKey.sign({ size: SIZE, root: sha256(Buffer.from('forged')) })

const swap = (a: number, b: number) => [
  sql`update events set idx = -1 where idx = ${a}`,
  sql`update events set idx = ${a} where idx = ${b}`,
  sql`update events set idx = ${b} where idx = -1`,
]

const tile = (level: number, n: number, hash: number) =>
  sql`update ledger_tiles set hashes = cast(${flip('hashes', hash * 32 + 7)} as blob) where level = ${level} and n = ${n}`

interface Tampering {
  readonly name: string
  readonly does: readonly RawBuilder<unknown>[]
  readonly badIndex: number | undefined
  readonly problem: RegExp
}

const TABLE: readonly Tampering[] = [
  {
    name: 'a byte of an entry',
    does: [sql`update events set entry = cast(${flip('entry', 40)} as blob) where idx = 300`],
    badIndex: 300,
    problem: /entry was changed/,
  },
  {
    name: 'an entry rewritten well-formed, with the columns to match',
    does: [
      sql`update events set actor = 'reader-2', entry = cast(replace(cast(entry as text), 'reader-1', 'reader-2') as blob) where idx = 511`,
    ],
    badIndex: 511,
    problem: /entry was changed/,
  },
  {
    name: 'an entry taken out',
    does: [sql`delete from events where idx = 17`],
    badIndex: 17,
    problem: /missing/,
  },
  {
    name: 'an entry taken out and the gap closed',
    does: [
      sql`delete from events where idx = 17`,
      sql`update events set idx = -idx where idx > 17`,
      sql`update events set idx = -idx - 1 where idx < 0`,
    ],
    badIndex: 17,
    problem: /entry was changed/,
  },
  {
    name: 'the tail cut off',
    does: [sql`delete from events where idx >= 590`],
    badIndex: 590,
    problem: /missing/,
  },
  {
    name: 'two entries swapped',
    does: swap(5, 400),
    badIndex: 5,
    problem: /entry was changed/,
  },
  {
    name: 'a leaf hash in a full tile',
    does: [tile(0, 1, 44)],
    badIndex: 300,
    problem: /tile was changed/,
  },
  {
    name: 'a leaf hash in the partial tile',
    does: [tile(0, 2, 3)],
    badIndex: 515,
    problem: /tile was changed/,
  },
  {
    name: 'a hash in a higher tile',
    does: [tile(1, 0, 1)],
    badIndex: 256,
    problem: /tile was changed/,
  },
  {
    name: 'a tile taken out',
    does: [sql`delete from ledger_tiles where level = 0 and n = 1`],
    badIndex: 256,
    problem: /tile was changed/,
  },
  {
    name: 'an entry and its leaf hash together',
    does: [
      sql`update events set entry = (select entry from events where idx = 8) where idx = 9`,
      sql`update ledger_tiles set hashes = cast(substr(hashes, 1, 288) || substr(hashes, 257, 32) || substr(hashes, 321) as blob) where level = 0 and n = 0`,
    ],
    badIndex: undefined,
    problem: /signed root|tile was changed/,
  },
  {
    name: 'the checkpoint, signed by another key',
    does: [sql`update ledger_head set checkpoint = ${forged}`],
    badIndex: undefined,
    problem: /not signed/,
  },
  {
    name: 'the root in the checkpoint',
    does: [sql`update ledger_head set checkpoint = replace(checkpoint, '=', 'A=')`],
    badIndex: undefined,
    problem: /checkpoint/,
  },
  {
    name: 'the size of the head',
    does: [sql`update ledger_head set size = 599`],
    badIndex: undefined,
    problem: /size/,
  },
  {
    name: 'the head taken out',
    does: [sql`delete from ledger_head`],
    badIndex: undefined,
    problem: /head is missing/,
  },
  {
    name: 'an entry put at the end unsigned',
    does: [
      sql`insert into events select 600, time, type, outcome, actor, facility, transfer, patient, entry, event_id, related, group_id, duty, address, token, subject, id_handle from events where idx = 0`,
    ],
    badIndex: 600,
    problem: /beyond the checkpoint/,
  },
  ...[
    'actor',
    'facility',
    'transfer',
    'patient',
    'type',
    'related',
    'group_id',
    'duty',
    'address',
    'token',
    'subject',
  ].map((column) => ({
    name: `the index column ${column}`,
    does: [sql`update events set ${sql.ref(column)} = 'somebody' where idx = 123`],
    badIndex: 123,
    problem: /index/,
  })),
  ...['time', 'outcome'].map((column) => ({
    name: `the index column ${column}`,
    does: [sql`update events set ${sql.ref(column)} = ${sql.ref(column)} + 1 where idx = 599`],
    badIndex: 599,
    problem: /index/,
  })),
]

describe('verify detects and names', () => {
  let open: OpenLedger
  beforeAll(async () => {
    open = await openLedger()
    await fill(open.ledger, SIZE - 1)
    await open.ledger.note(event({ facility: 'facility-a', transfer: 't', patient: 'p' }))
  })
  afterAll(async () => {
    await open.close()
  })

  it('nothing in an unchanged log', async () => {
    expect(await open.ledger.verify()).toMatchObject({ ok: true, size: SIZE })
  })

  it.each(TABLE)('$name', async ({ does, badIndex, problem }) => {
    const { state, ledger } = open
    await state.transaction((tx) =>
      sql`create table kept_events as select * from events`.execute(tx),
    )
    await state.transaction((tx) =>
      sql`create table kept_tiles as select * from ledger_tiles`.execute(tx),
    )
    await state.transaction((tx) =>
      sql`create table kept_head as select * from ledger_head`.execute(tx),
    )
    try {
      for (const one of does) await state.transaction((tx) => one.execute(tx))
      const report = await ledger.verify()
      expect(report.ok).toBe(false)
      expect(report.problem).toMatch(problem)
      if (badIndex !== undefined) expect(report.badIndex).toBe(badIndex)
    } finally {
      await state.transaction(async (tx) => {
        for (const [table, kept] of [
          ['events', 'kept_events'],
          ['ledger_tiles', 'kept_tiles'],
          ['ledger_head', 'kept_head'],
        ] as const) {
          await sql`delete from ${sql.table(table)}`.execute(tx)
          await sql`insert into ${sql.table(table)} select * from ${sql.table(kept)}`.execute(tx)
          await sql`drop table ${sql.table(kept)}`.execute(tx)
        }
      })
    }
    expect(await ledger.verify()).toMatchObject({ ok: true, size: SIZE })
  })

  it.each([
    ['the checkpoint is forged', sql`update ledger_head set checkpoint = ${forged}`],
    ['the last entry is gone', sql`delete from events where idx = 599`],
    ['the last entry is changed', sql`update events set entry = x'7b7d' where idx = 599`],
    ['the last tile is changed', tile(0, 2, 80)],
    ['the head is an older size', sql`update ledger_head set size = 512`],
    ['the head is gone while entries are there', sql`delete from ledger_head`],
  ])('and a gateway does not start, nor append, when %s', async (_, change) => {
    const one = await openLedger()
    await fill(one.ledger, SIZE)
    await one.state.transaction((tx) => change.execute(tx))
    await expect(one.reopen()).rejects.toMatchObject({ code: 'ledger_broken' })
    await one.close()
  })

  it('and a gateway does not extend a head that was changed while it was running', async () => {
    const one = await openLedger()
    await fill(one.ledger, 10)
    await one.state.transaction((tx) =>
      sql`update ledger_head set checkpoint = ${forged}`.execute(tx),
    )
    await expect(one.ledger.note(event())).rejects.toMatchObject({ code: 'ledger_broken' })
    await one.close()
  })
})
