/** The stolen laptop: what is known to have been viewed, and what was only possible. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { deadlinesOf } from '../../src/compliance/index.js'
import type { EventInput } from '../../src/ledger/log/index.js'
import { collectIncident, individualsOf } from '../../src/officer/incident/collect.js'
import type { IncidentFacts } from '../../src/officer/incident/collect.js'
import { summaryOf, transfersCsv } from '../../src/officer/incident/files.js'
import { openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'

const SYSTEM = { id: 'system', role: 'system' as const }
const reader = (n: number, token?: string) => ({
  ...{ id: `reader-${n}`, role: 'reader' as const, address: `192.0.2.${n}` },
  ...(token !== undefined && { token, method: 'signature' as const }),
})
const CASES = 200
const OPENED = new Set([3, 17, 20, 44, 61, 62, 90, 101, 133, 150, 177, 199])
const EXPIRES = new Date('2100-01-01').toISOString()
const id = (n: number) => `transfer-${String(n).padStart(3, '0')}`
const handle = (n: number) => n.toString(16).padStart(64, '0')

describe('a laptop that was stolen', () => {
  let open: OpenLedger
  let facts: IncidentFacts
  const event = (type: EventInput['type'], more: Partial<EventInput> = {}): EventInput => ({
    ...{ type, outcome: 0, actor: SYSTEM, facility: 'facility-a', group: 'nights' },
    ...more,
  })
  const write = async (events: readonly EventInput[]) => {
    const [first, ...rest] = events
    if (first)
      await open.ledger.record(() => Promise.resolve({ value: 0, events: [first, ...rest] }))
  }
  const arrived = (n: number, recipients: readonly string[]): readonly EventInput[] => [
    event('transfer.begun', { transfer: id(n), detail: { priority: 'routine' } }),
    event('item.accepted', {
      ...{ transfer: id(n), item: 1, patient: handle(n) },
      detail: { kind: 'instance', modality: 'CT', size: 100 },
    }),
    event('transfer.available', { transfer: id(n), detail: { recipients: [...recipients] } }),
    event('case.opened', { transfer: id(n), detail: { case: `case-${n}`, code: `K${n}` } }),
  ]
  const fetched = (n: number, by: number): EventInput =>
    event('download.begun', {
      ...{ transfer: id(n), item: 1, actor: reader(by) },
      detail: { download: `${n}-${by}`, fingerprint: `key${by}` },
    })
  const acknowledged = (n: number, by: number): EventInput =>
    event('transfer.acknowledged', { transfer: id(n), actor: reader(by) })
  const collect = (readers: readonly string[], more: { readonly keys?: readonly string[] } = {}) =>
    collectIncident(
      open.ledger,
      { readers, keys: more.keys ?? [], from: 0, until: Date.parse('2099-01-01') },
      { facilities: ['facility-a', 'facility-b'], isMember: () => true },
    )

  beforeAll(async () => {
    open = await openLedger()
    const everyone = ['key1', 'key2', 'key3']
    await write(
      everyone.map((to, i) =>
        event('certificate.changed', { detail: { principal: `reader-${i + 1}`, from: null, to } }),
      ),
    )
    // Closed before anybody signed in: never in a list that reader-1 could open.
    await write([...arrived(500, everyone), event('case.closed', { detail: { case: 'case-500' } })])
    await write([
      event('signin.succeeded', { actor: reader(1, 't1'), detail: { expiresAt: EXPIRES } }),
    ])
    for (let n = 0; n < CASES; n += 50)
      await write(
        Array.from({ length: 50 }, (_, i) => n + i).flatMap((one) => arrived(one, everyone)),
      )
    await write([...OPENED].flatMap((n) => [fetched(n, 1), acknowledged(n, 1)]))
    // Fetched by reader-1, never opened by them; opened by another.
    await write([fetched(5, 1), fetched(5, 2), acknowledged(5, 2), fetched(6, 1)])
    // Opened by reader-1 first, then by the next reader.
    await write([fetched(3, 2), acknowledged(3, 2)])
    await write([event('token.revoked', { detail: { principal: 'reader-1', token: 't1' } })])
    // After the session, and never sealed to reader-1.
    await write([...arrived(600, everyone), ...arrived(700, ['key2'])])
    facts = await collect(['reader-1'])
  })
  afterAll(() => open.close())

  const numbers = (possibility: string) =>
    facts.lines
      .filter((one) => one.possibility === possibility)
      .map(({ transfer }) => Number(transfer.transfer.slice(-3)))

  it('names exactly the opened cases as viewed, and the others by what was possible', () => {
    expect(numbers('viewed')).toEqual([...OPENED].sort((a, b) => a - b))
    expect(numbers('fetched')).toEqual([5, 6])
    expect(numbers('openable')).toEqual([500, 600])
    expect(numbers('listed')).toHaveLength(CASES - OPENED.size - 2)
    expect(facts.lines).toHaveLength(CASES + 2)
  })

  it('counts each individual once, with the most that is known about them', () => {
    const individuals = individualsOf(facts)
    expect(individuals).toHaveLength(CASES + 2)
    const viewed = individuals.filter(({ possibility }) => possibility === 'viewed')
    expect(viewed.map(({ patient }) => patient)).toEqual(
      [...OPENED].sort((a, b) => a - b).map(handle),
    )
    expect(summaryOf(facts)).toMatchObject({
      individuals: { total: CASES + 2, viewed: OPENED.size, fetched: 2, openable: 2 },
    })
  })

  it('names the entry that shows each view', async () => {
    const pieces: string[] = []
    for await (const piece of transfersCsv(facts)) pieces.push(piece)
    const lines = pieces.join('').split('\r\n')
    expect(lines).toHaveLength(CASES + 2 + 2)
    for (const { viewed, possibility } of facts.lines) {
      if (possibility !== 'viewed') continue
      const [row] = (await open.ledger.query({ start: viewed?.index ?? -1, limit: 1 })).rows
      expect(row?.entry).toMatchObject({ type: 'transfer.acknowledged', actor: { id: 'reader-1' } })
    }
  })

  it('tells readers apart, and finds the holder of a key', async () => {
    const all = await collect(['reader-3'], { keys: ['key2'] })
    expect(all.readers).toEqual(['reader-2', 'reader-3'])
    const of = (who: string, possibility: string) =>
      all.lines
        .filter((one) => one.reader === who && one.possibility === possibility)
        .map(({ transfer }) => transfer.transfer)
    expect(of('reader-2', 'viewed')).toEqual([id(3), id(5)])
    // Neither signed in: what is sealed to their keys was in no list that they opened.
    expect(of('reader-2', 'listed')).toEqual([])
    expect(of('reader-3', 'openable')).toHaveLength(CASES + 2)
    await expect(collect([])).rejects.toMatchObject({ code: 'not_found' })
  })

  it('takes a report as a view', async () => {
    await write([
      event('report.sent', {
        ...{ actor: reader(3), transfer: id(8) },
        detail: { case: 'case-8', code: 'K8' },
      }),
    ])
    const own = await collect(['reader-3'])
    expect(own.lines.filter(({ possibility }) => possibility === 'viewed')).toMatchObject([
      { transfer: { transfer: id(8) } },
    ])
  })
})

describe('the deadlines of an incident', () => {
  const AT = Date.parse('2026-06-15T00:00:00Z')
  const of = (data: Readonly<Record<string, string>>) =>
    deadlinesOf({ data: { discovered: '2026-05-01', ...data } }, AT).map(
      ({ cite, dueAt, state }) => [cite, new Date(dueAt).toISOString().slice(0, 10), state],
    )

  it('are 60 days, and for fewer than 500 individuals the Secretary waits for the year', () => {
    expect(of({})).toEqual([
      ['164.410', '2026-06-30', 'running'],
      ['164.404', '2026-06-30', 'running'],
      ['164.406', '2026-06-30', 'running'],
      ['164.408', '2026-06-30', 'running'],
    ])
    expect(of({ individuals: '499' }).at(-1)).toEqual(['164.408', '2027-03-01', 'running'])
    expect(of({ individuals: '500' }).at(-1)).toEqual(['164.408', '2026-06-30', 'running'])
  })

  it('pass, end with the notice, and are not needed when it is not a breach', () => {
    expect(of({ discovered: '2026-04-01' })[0]).toEqual(['164.410', '2026-05-31', 'overdue'])
    expect(of({ notified: '2026-06-01' }).map(([, , state]) => state)).toEqual([
      ...['done', 'done', 'done', 'running'],
    ])
    expect(new Set(of({ decision: 'low-probability' }).map(([, , state]) => state))).toEqual(
      new Set(['not-needed']),
    )
  })

  it('are delayed by law enforcement: as stated in writing, or at most 30 days after speech', () => {
    const delay = { delayedUntil: '2026-12-31', delayedOn: '2026-06-20' }
    expect(of({ ...delay, delayKind: 'written' })[1]?.[1]).toBe('2026-12-31')
    expect(of({ ...delay, delayKind: 'oral' })[1]?.[1]).toBe('2026-07-20')
    expect(of({ delayedUntil: '2026-12-31', delayKind: 'oral' })[1]?.[1]).toBe('2026-06-30')
  })
})
