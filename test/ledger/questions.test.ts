import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { EventInput } from '../../src/ledger/log/events.js'
import type { EventQuery } from '../../src/ledger/log/contract.js'
import { recordReview, reviewState } from '../../src/ledger/reviews/reviews.js'
import { countQuestions } from '../../src/ledger/reviews/counts.js'
import { reindex } from '../../src/ledger/log/reindex.js'
import { sql } from 'kysely'
import { event, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'

let open: OpenLedger
const index = new Map<string, number>()

async function note(name: string, values: Partial<EventInput>): Promise<string> {
  const receipt = await open.ledger.note(event(values))
  index.set(name, receipt.index)
  return receipt.id
}

const asked = async (query: EventQuery) => {
  const { rows } = await open.ledger.query(query)
  const size = Number((await open.ledger.checkpoint()).split('\n')[1])
  expect(await open.ledger.count(query, size)).toBe(rows.length)
  const names = new Map([...index].map(([name, at]) => [at, name]))
  return rows.map((row) => names.get(row.index))
}

beforeAll(async () => {
  open = await openLedger()
  const [a, b] = ['facility-a', 'facility-b']
  const begun = await note('begun 1', { type: 'transfer.begun', facility: a, transfer: 't1' })
  await note('item 1', { type: 'item.accepted', facility: a, transfer: 't1', patient: 'p1' })
  await note('available 1', {
    type: 'transfer.available',
    facility: a,
    transfer: 't1',
    related: begun,
  })
  await note('begun 2', { type: 'transfer.begun', facility: b, transfer: 't2' })
  await note('fetch 1', {
    type: 'download.begun',
    transfer: 't1',
    detail: { download: 'd1', duty: 'inside' },
  })
  await note('fetched 1', { type: 'download.ended', transfer: 't1', related: 'd1' })
  await note('begun 3', { type: 'transfer.begun', transfer: 't3', detail: { envelope: 'e3' } })
  // As recorded by a sweep, which does not know the begin event of a dead gateway.
  await note('swept 3', { type: 'transfer.extended', transfer: 't3', detail: { envelope: 'e3' } })
  await note('available 3', { type: 'transfer.available', facility: b, transfer: 't3' })
  await note('other patient', { type: 'item.accepted', facility: a, transfer: 't4', patient: 'p2' })
  await note('refused', { type: 'access.refused', outcome: 8 })
  await note('token', { type: 'token.issued' })
  await note('read', { type: 'ledger.read' })
  await note('fetch 2', {
    type: 'download.begun',
    transfer: 't1',
    detail: { download: 'd2', duty: 'outside' },
  })
})
afterAll(() => open.close())

describe('the questions that compliance asks', () => {
  it.each<[string, EventQuery, string[]]>([
    ['begun without an end', { question: 'unended' }, ['begun 2', 'fetch 2']],
    ['the same of one facility', { question: 'unended', facility: 'facility-b' }, ['begun 2']],
    ['never opened', { question: 'unopened' }, ['available 3']],
    ['fetched, but not opened', { question: 'unacknowledged' }, ['available 1']],
    ['refusals', { question: 'refusals' }, ['refused']],
    ['key changes', { question: 'keys' }, ['token']],
    ['who read the ledger', { question: 'reads' }, ['read']],
    ['due for review', { question: 'due' }, ['refused', 'token', 'fetch 2']],
    [
      'who touched a patient, who fetched them too',
      { touching: ['p1'] },
      ['begun 1', 'item 1', 'available 1', 'fetch 1', 'fetched 1', 'fetch 2'],
    ],
    ['outside duty hours', { question: 'outside' }, ['fetch 2']],
    ['two of them together', { touching: ['p1'], question: 'unended' }, ['fetch 2']],
    ['a patient of many handles', { touching: ['p0', 'p2'] }, ['other patient']],
    ['a patient with none', { touching: [] }, []],
  ])('%s', async (_what, query, names) => {
    await expect(asked(query)).resolves.toEqual(names)
  })

  it('are counted together, each as it is answered alone', async () => {
    const query = { facility: 'facility-a' }
    for (const narrowed of [{}, query]) {
      const { questions, end } = await countQuestions(open.ledger, narrowed)
      expect(questions.map(({ question }) => question)).toContain('due')
      for (const { question, count } of questions)
        expect([question, count]).toEqual([
          question,
          await open.ledger.count({ ...narrowed, question }, end),
        ])
    }
    const { questions } = await countQuestions(open.ledger, {})
    expect(questions.find(({ question }) => question === 'unended')?.count).toBe(2)
  })

  it('are answered for a given size: an event that ended later counts as open', async () => {
    const end = index.get('fetched 1') ?? 0
    const { rows } = await open.ledger.query({ question: 'unended', end })
    expect(rows.map((row) => row.index)).toEqual([index.get('begun 2'), index.get('fetch 1')])
    await expect(open.ledger.count({ question: 'unended' }, end)).resolves.toBe(2)
  })
})

it('a transfer that somebody acknowledged was opened; identities and health have their own lists', async () => {
  const other = await openLedger()
  const types = [
    ...(['transfer.available', 'download.begun', 'transfer.acknowledged'] as const),
    ...(['crosswalk.read', 'quarantine.read', 'witness.lost', 'backup.made'] as const),
  ]
  for (const type of types) await other.ledger.note(event({ type, transfer: 't1' }))
  const found = async (query: EventQuery) =>
    (await other.ledger.query(query)).rows.map(({ entry }) => entry.type)
  expect(await found({ question: 'unacknowledged' })).toEqual([])
  expect(await found({ question: 'unacknowledged', end: 2 })).toEqual(['transfer.available'])
  expect(await found({ question: 'identities' })).toEqual(['crosswalk.read', 'quarantine.read'])
  expect(await found({ question: 'health' })).toEqual(['witness.lost', 'backup.made'])
  await other.close()
})

describe('a review', () => {
  const OFFICER = { id: 'officer-1', role: 'officer' } as const
  const DAY = 86_400_000

  it('removes earlier events from the list, and states when the next review is due', async () => {
    const { state, ledger } = open
    const begun = Date.now()
    const before = await reviewState(state.db, 7, begun)
    expect(before).toMatchObject({ reviewed: 0, size: 14, due: 3, isOverdue: false })
    expect(before.last).toBeUndefined()
    expect(await reviewState(state.db, 7, begun + 8 * DAY)).toMatchObject({ isOverdue: true })

    const until = (index.get('token') ?? 0) + 1
    const { index: at } = await recordReview(ledger, OFFICER, { until, finding: 'explained' })
    index.set('review', at)
    await expect(asked({ question: 'due' })).resolves.toEqual(['fetch 2'])
    // As of before the review, all of it was due.
    await expect(ledger.count({ question: 'due', end: 14 }, 14)).resolves.toBe(3)
    const after = await reviewState(state.db, 7, begun)
    expect(after).toMatchObject({ reviewed: until, due: 1, isOverdue: false })
    expect(after.last).toMatchObject({ by: 'officer-1', finding: 'explained' })
    const nextBy = Date.parse(after.nextBy ?? '')
    expect(nextBy - Date.parse(after.last?.at ?? '')).toBe(7 * DAY)
  })

  it.each([0, 1, 1_000])(
    'up to %i is refused: it must move forward, and not beyond the log',
    async (until) => {
      await expect(
        recordReview(open.ledger, OFFICER, { until, finding: 'nothing' }),
      ).rejects.toMatchObject({ code: 'bad_request' })
    },
  )
})

describe('the index', () => {
  it('is rebuilt from the entries alone, reporting how many rows were wrong', async () => {
    const before = await open.state.db.selectFrom('events').selectAll().orderBy('idx').execute()
    await open.state.transaction((tx) =>
      sql`update events set type = 'x', actor = 'x', related = 'x', event_id = null, time = 0`.execute(
        tx,
      ),
    )
    await expect(open.ledger.verify()).resolves.toMatchObject({ ok: false })
    await expect(reindex(open.state)).resolves.toEqual({ entries: 15, corrected: 15 })
    await expect(
      open.state.db.selectFrom('events').selectAll().orderBy('idx').execute(),
    ).resolves.toEqual(before)
    await expect(open.ledger.verify()).resolves.toMatchObject({ ok: true })
    await expect(reindex(open.state)).resolves.toEqual({ entries: 15, corrected: 0 })
  })

  it('is rebuilt when a ledger of an older version is opened', async () => {
    await open.state.transaction(async (tx) => {
      await sql`update events set event_id = null, related = null`.execute(tx)
      await tx.deleteFrom('ledger_cursors').where('name', '=', 'index').execute()
    })
    const again = await open.reopen()
    await expect(again.verify()).resolves.toMatchObject({ ok: true })
  })
})
