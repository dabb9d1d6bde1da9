/** The audit of a reading group: what is counted, what calls for attention, and the sample. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { EventInput } from '../../src/ledger/log/index.js'
import { collectProvider } from '../../src/officer/provider/collect.js'
import type { ProviderFacts, ProviderSources } from '../../src/officer/provider/collect.js'
import { documentOf, readersCsv, sampleCsv } from '../../src/officer/provider/files.js'
import { providerPdf } from '../../src/officer/provider/pdf.js'
import { pointsOf } from '../../src/officer/provider/points.js'
import { sampleOf } from '../../src/officer/provider/sample.js'
import { AT, agreement, DAY, day, device, entry } from '../compliance/_site.js'
import { openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'

const YEAR = new Date().getUTCFullYear()
const SCOPE = { group: 'nights', from: Date.UTC(YEAR, 0, 1), until: Date.UTC(YEAR + 1, 0, 1) }
const SYSTEM = { id: 'system', role: 'system' as const }
const reader = (n: number) => ({ id: `reader-${n}`, role: 'reader' as const })
const NO_ENTRIES = {
  ...{ organisation: [], agreement: [], training: [], policy: [], privilege: [], device: [] },
  ...{ vendor: [], sanction: [], incident: [] },
}

describe('the audit of a reading group', () => {
  let open: OpenLedger
  let facts: ProviderFacts
  const event = (type: EventInput['type'], more: Partial<EventInput> = {}): EventInput => ({
    ...{ type, outcome: 0, actor: SYSTEM, facility: 'facility-a', group: 'nights' },
    ...more,
  })
  const write = async ([first, ...rest]: readonly EventInput[]) => {
    if (first)
      await open.ledger.record(() => Promise.resolve({ value: 0, events: [first, ...rest] }))
  }
  const claimed = (transfer: string, n: number) =>
    event('transfer.claimed', { transfer, actor: reader(n), detail: { holder: `reader-${n}` } })
  const fetched = (transfer: string, n: number, duty = 'inside') =>
    event('download.begun', { transfer, actor: reader(n), item: 1, detail: { duty } })
  const sources = (more: Partial<ProviderSources> = {}): ProviderSources => ({
    ledger: open.ledger,
    entries: () => Promise.resolve(NO_ENTRIES),
    actions: () => Promise.resolve([]),
    figures: () => Promise.resolve([]),
    ...more,
  })

  beforeAll(async () => {
    open = await openLedger()
    const key = (n: number) =>
      event('certificate.changed', {
        detail: { principal: `reader-${n}`, from: null, to: `key${n}` },
      })
    await write([key(1), key(2)])
    for (const n of Array.from({ length: 30 }, (_, i) => i))
      await write([event('transfer.available', { transfer: `t${n}` })])
    await write([
      event('transfer.available', { transfer: 'other', group: 'days' }),
      event('download.begun', { transfer: 'other', group: 'days', actor: reader(1), item: 1 }),
      ...[claimed('t1', 1), fetched('t1', 1), fetched('t1', 2, 'outside')],
      event('download.ended', { transfer: 't1', actor: reader(2), outcome: 4 }),
      event('transfer.acknowledged', { transfer: 't1', actor: reader(1) }),
      event('transfer.released', { transfer: 't1', detail: { holder: 'reader-1' } }),
      fetched('t1', 1),
      event('report.sent', { transfer: 't1', actor: reader(1) }),
      ...[claimed('t2', 3), fetched('t2', 3)],
      { type: 'signin.failed', outcome: 8, actor: reader(2) },
      { type: 'key.checked', outcome: 0, actor: reader(1), detail: { fingerprint: 'key1' } },
      event('critical.raised', { actor: reader(1) }),
      event('critical.missed'),
      event('gate.applied', { outcome: 8, detail: { verdict: 'blocked', subject: 'reader-2' } }),
    ])
    const trained = { person: 'reader-1', topic: 'hipaa', completed: day(-3) }
    facts = await collectProvider(
      sources({
        entries: () =>
          Promise.resolve({
            ...NO_ENTRIES,
            agreement: [agreement('nights', { signed: `${YEAR}-01-02` }), agreement('days')],
            training: [entry('training', 'reader-1', trained, `${YEAR + 1}-03-01`)],
            device: [{ ...device('reader-1'), createdAt: AT }],
          }),
        actions: () =>
          Promise.resolve([
            { id: 'a1', row: 'S-10', owner: 'reader-2', due: day(9), text: 'x', doneAt: undefined },
            { id: 'a2', row: 'S-10', owner: 'officer-1', due: day(9), text: 'x', doneAt: AT + DAY },
          ]),
      }),
      SCOPE,
      ['reader-1', 'reader-2'],
    )
  })
  afterAll(() => open.close())

  it('counts what the readers of the group did in it, and nothing of other groups', () => {
    expect(facts.transfers).toEqual({ available: 30, fetched: 2, acknowledged: 1, abandoned: 0 })
    const of = (id: string) => facts.readers.find((one) => one.reader === id)?.activity
    expect(of('reader-1')).toMatchObject({
      ...{ claims: 1, downloads: 2, offDuty: 0, unclaimed: 1, acknowledged: 1, reports: 1 },
    })
    expect(of('reader-2')).toMatchObject({
      ...{ downloads: 1, offDuty: 1, unclaimed: 1, incomplete: 1, failedSignIns: 1 },
    })
    // Read in the group, but is no longer one of its readers.
    expect(facts.readers.find((one) => one.reader === 'reader-3')).toMatchObject({
      ...{ isMember: false, activity: { downloads: 1, unclaimed: 0 } },
    })
    expect(facts).toMatchObject({ critical: { raised: 1, missed: 1 }, gates: { blocked: 1 } })
    expect(facts.agreements).toHaveLength(1)
    expect(facts.actions.map(({ id }) => id)).toEqual(['a1'])
  })

  it('names what calls for attention, each with the person and the rule', () => {
    const points = pointsOf(facts).map(({ cite, subject, text }) => `${cite} ${subject}: ${text}`)
    expect(points).toEqual(
      expect.arrayContaining([
        '164.308(a)(5) reader-2: no valid training',
        '164.308(a)(3) reader-1: no privilege in force',
        '164.312(d) reader-2: key key2 was never shown to open',
        '164.308(a)(4) reader-2: 1 downloads outside duty hours',
        'S-10 reader-2: open action, due 2026-03-11',
        ' nights: 1 critical result not read back in time',
      ]),
    )
    expect(points.join()).not.toContain('reader-1: no valid training')
  })

  it('draws a sample by the root of the log, that can be drawn again, with the entries', () => {
    const root = facts.checkpoint.split('\n')[2] ?? ''
    expect(facts.sample).toHaveLength(20)
    expect(sampleOf(facts.sample.toReversed(), root)).toEqual(facts.sample)
    expect(sampleOf(facts.sample, 'another root')).not.toEqual(facts.sample)
    expect(sampleCsv(facts).split('\r\n')).toHaveLength(22)
    expect(readersCsv(facts)).toContain('"reader-2","yes"')
    expect(documentOf(facts)).toMatchObject({ group: 'nights', sample: expect.any(Array) })
  })

  it('is printed, tagged', async () => {
    const context = { gateway: 'g', ledgerKey: 'k', event: 9, askedBy: 'officer-1' }
    const chunks: Uint8Array[] = []
    for await (const chunk of providerPdf(facts, context)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString('latin1')).toContain('/MarkInfo')
  })

  it('refuses a group that nothing is known of, and reports one that did nothing', async () => {
    const unknown = collectProvider(sources(), { ...SCOPE, group: 'nobody' }, undefined)
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' })
    const idle = await collectProvider(sources(), { ...SCOPE, group: 'idle' }, ['reader-9'])
    expect(pointsOf(idle)[0]).toMatchObject({ text: 'no agreement was in force in the year' })
    expect(idle.sample).toEqual([])
  })
})
