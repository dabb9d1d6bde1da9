/** What a review offers first: each rule with a night that it picks, and one that it does not. */
import { describe, expect, it } from '@jest/globals'
import type { LedgerEntry, LedgerRow } from '../../src/ledger/log/index.js'
import { findAnomalies } from '../../src/officer/review/index.js'
import { networkOf } from '../../src/officer/review/network.js'

const NOW = Date.parse('2026-06-30T12:00:00Z')
const DAY = 86_400_000
type Event = Partial<Omit<LedgerEntry, 'actor'>> & {
  readonly actor?: string
  readonly role?: LedgerEntry['actor']['role']
  readonly address?: string
}

/** A log of these events, each so many days ago. */
const logOf = (events: readonly (readonly [number, Event])[]): readonly LedgerRow[] =>
  events.map(([days, { actor = 'reader-1', role = 'reader', address, ...more }], index) => ({
    index,
    entry: {
      ...{ v: 1, id: `e${index}`, nonce: 'n', dcm: [], gateway: 'g', outcome: 0 },
      ...{ type: 'download.begun', time: new Date(NOW - days * DAY).toISOString(), ...more },
      actor: { id: actor, role, ...(address !== undefined && { address }) },
    },
  }))

async function find(events: readonly (readonly [number, Event])[], reviewed = 0) {
  const rows = logOf(events)
  const found = await findAnomalies({
    ledger: {
      query: ({ types, from = 0, start = 0, end = rows.length, limit = 100 }) => {
        const matching = rows.filter(
          ({ index, entry }) =>
            (types?.includes(entry.type) ?? true) &&
            Date.parse(entry.time) >= from &&
            index >= start &&
            index < end,
        )
        const page = matching.slice(0, limit)
        const next = matching.length > limit ? { next: (page.at(-1)?.index ?? 0) + 1 } : {}
        return Promise.resolve({ rows: page, ...next })
      },
    },
    ...{ reviewed, end: rows.length, now: NOW, facilities: ['facility-a'] },
    people: [
      { id: 'reader-1', role: 'reader' },
      { id: 'officer-1', role: 'officer' },
    ],
  })
  return found.map(({ rule, subject, reason, count }) => `${rule} ${subject} ${count}: ${reason}`)
}

const many = (count: number, event: (i: number) => readonly [number, Event]) =>
  Array.from({ length: count }, (_, i) => event(i))

describe('anomalies', () => {
  it('are none in a quiet week', async () => {
    const night = many(8, (i) => [7 - i / 2, { transfer: `t${i}`, address: '192.0.2.7' }])
    expect(await find(night)).toEqual([])
  })

  it('are downloads off duty, and failures from five on, by person or address', async () => {
    const failed = (actor: string, role: 'reader' | 'anonymous', n: number) =>
      many(n, () => [1, { type: 'signin.failed', outcome: 8, actor, role, address: '203.0.113.9' }])
    expect(
      await find([
        [1, { detail: { duty: 'outside' } }],
        ...failed('reader-1', 'reader', 4),
        ...failed('anonymous', 'anonymous', 5),
      ]),
    ).toEqual([
      'failures 203.0.113.9 5: 5 failed sign-ins or refused requests',
      'off-duty reader-1 1: 1 downloads outside duty hours',
    ])
  })

  it('are days with far more downloads than usual', async () => {
    const usual = many(20, (i) => [40 - i, { transfer: `a${i}` }])
    const mass = many(21, (i) => [1, { transfer: `b${i}` }])
    expect(await find([...usual, ...mass], usual.length)).toEqual([
      'mass reader-1 21: 21 transfers fetched on 2026-06-29; on a usual day 1',
    ])
    // Reviewed already; and the same number without a history is a busy night.
    expect(await find([...usual, ...mass], usual.length + 21)).toEqual([])
    expect(await find(mass)).toEqual([])
    const first = await find(many(61, (i) => [1, { transfer: `c${i}` }]))
    expect(first.join()).toContain('61 transfers fetched on 2026-06-29; no usual day is known yet')
  })

  it('are places that a person was never at, but not the first one', async () => {
    const at = (days: number, address: string) =>
      [days, { type: 'signin.succeeded', address }] as const
    expect(
      await find([at(30, '192.0.2.7'), at(20, '192.0.2.99'), at(2, '198.51.100.4')], 2),
    ).toEqual(['place reader-1 1: first use from 198.51.100.0/24 within 90 days'])
    expect(await find([at(2, '198.51.100.4')])).toEqual([])
    expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.0/24')
    expect(networkOf('2001:db8:1:2::3')).toBe('2001:db8:1::/48')
    expect(networkOf('::1')).toBe('0:0:0::/48')
  })

  it('are searches for many patients, people who left, and access that nobody uses', async () => {
    const search = (i: number): readonly [number, Event] => [
      1,
      {
        ...{ type: 'ledger.read', actor: 'officer-1', role: 'officer' },
        detail: { query: { patient: i.toString(16).padStart(64, '0') } },
      },
    ]
    expect(await find([...many(9, search)])).toEqual([])
    expect(await find([...many(10, search), [1, { actor: 'gone' }]])).toEqual([
      'leaver gone 1: acted, but is no longer in nocturne.yaml',
      'searches officer-1 10: searched for 10 patients',
    ])
    expect(
      await find(
        [
          [120, {}],
          [89.5, { actor: 'facility-a', role: 'sender' }],
        ],
        1,
      ),
    ).toEqual([
      'dormant reader-1 0: has not used their access for 90 days; should it stay?',
      'dormant officer-1 0: has not used their access for 90 days; should it stay?',
    ])
  })
})
