import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createCompliance } from '../../src/compliance/index.js'
import { gateClaim, gateReport, gateTransfer } from '../../src/compliance/gates.js'
import type { SiteConfig } from '../../src/config/index.js'
import { openLedger } from '../ledger/_open.js'
import { createRowGuard } from '../../src/ledger/rows/index.js'
import type { OpenLedger } from '../ledger/_open.js'
import { AT, day, DAY, device, edited, ended, entry, everythingInPlace, register } from './_site.js'

type Site = ReturnType<typeof everythingInPlace>
const entriesOf = (facts: Site) => facts.registers!.entries
const BLOCK = { enforce: 'block', at: AT } as const
const TRANSFER = { facility: 'facility-a', group: 'nights', priority: 'routine' }
const CLAIM = {
  ...{ reader: 'reader-1', facility: 'facility-a', priority: 'routine' },
  ...{ modalities: ['CT'], isUnderWay: false, readers: ['reader-1', 'reader-2'] },
}
const noAgreement = register('agreement', ended('nights'))
const untrained = register('training', edited('reader-1', {}, day(-1)))

describe('the gates', () => {
  it('allow what the registers permit', () => {
    const entries = entriesOf(everythingInPlace())
    expect(gateTransfer(entries, TRANSFER, BLOCK)).toEqual({ verdict: 'passed' })
    expect(gateClaim(entries, CLAIM, BLOCK)).toEqual({ verdict: 'passed' })
  })

  it('block a transfer from the midnight at which the agreement ends, and not earlier', () => {
    const last = register('agreement', edited('nights', {}, day(0)))(everythingInPlace())
    const midnight = Date.parse(`${day(1)}T00:00:00Z`)
    const at = (time: number) =>
      gateTransfer(entriesOf(last), TRANSFER, { enforce: 'block', at: time })
    expect(at(midnight - 1).verdict).toBe('passed')
    expect(at(midnight)).toMatchObject({ verdict: 'blocked', subject: 'nights' })
  })

  it('block an untrained reader, and one whose privilege is for another facility', () => {
    expect(gateClaim(entriesOf(untrained(everythingInPlace())), CLAIM, BLOCK)).toEqual({
      ...{ verdict: 'blocked', findings: ['training'], subject: 'reader-1' },
    })
    const elsewhere = register('privilege', edited('reader-1', { facility: 'facility-b' }))
    expect(gateClaim(entriesOf(elsewhere(everythingInPlace())), CLAIM, BLOCK)).toMatchObject({
      ...{ verdict: 'blocked', findings: ['privilege'] },
    })
  })

  it('block a reader without a privilege for one of the modalities', () => {
    const some = register('privilege', edited('reader-1', { modalities: ['CT', 'MR'] }))
    const entries = entriesOf(some(everythingInPlace()))
    const verdict = (...modalities: string[]) =>
      gateClaim(entries, { ...CLAIM, modalities }, BLOCK).verdict
    expect([verdict('CT', 'MR'), verdict(), verdict('CT', 'US')]).toEqual([
      ...['passed', 'passed', 'blocked'],
    ])
  })

  it('block a transfer to a group whose due diligence is open, and to no other vendor', () => {
    const vendor = (subject: string, data = {}) =>
      register('vendor', (all) => [
        ...all,
        entry('vendor', subject, { vendor: subject, handlesPhi: true, review: day(9), ...data }),
      ])(everythingInPlace())
    const verdict = (...given: Parameters<typeof vendor>) =>
      gateTransfer(entriesOf(vendor(...given)), TRANSFER, BLOCK)
    const blocked = { verdict: 'blocked', findings: ['vendor'], subject: 'nights' }
    expect(verdict('nights')).toEqual(blocked)
    expect(verdict('nights', { questions: day(-400), review: day(-1) })).toEqual(blocked)
    expect(verdict('nights', { questions: day(-1) }).verdict).toBe('passed')
    expect(verdict('nights', { handlesPhi: false }).verdict).toBe('passed')
    expect(verdict('courier').verdict).toBe('passed')
    expect(
      gateTransfer(entriesOf(vendor('nights')), { ...TRANSFER, priority: 'stat' }, BLOCK),
    ).toMatchObject({ verdict: 'excepted', because: 'stat' })
  })

  it('block a reader none of whose registered devices is in use and attested as safe', () => {
    const verdict = (...devices: readonly Parameters<typeof device>[1][]) =>
      gateClaim(
        entriesOf(
          register('device', () => devices.map((data) => device('reader-1', data)))(
            everythingInPlace(),
          ),
        ),
        CLAIM,
        BLOCK,
      )
    const blocked = { verdict: 'blocked', findings: ['device'], subject: 'reader-1' }
    for (const bad of [
      { diskEncryption: false },
      { screenLock: false },
      { supportedSystem: false },
      { attested: day(-400) },
      { state: 'lost' },
      { state: 'retired', wiped: day(-1) },
    ])
      expect([bad, verdict(bad)]).toEqual([bad, blocked])
    expect(verdict({ state: 'lost' }, {}).verdict).toBe('passed')
    expect(verdict().verdict).toBe('passed')
  })

  it('never stop a read under way', () => {
    const weak = entriesOf(untrained(everythingInPlace()))
    expect(gateClaim(weak, { ...CLAIM, isUnderWay: true }, BLOCK)).toMatchObject({
      ...{ verdict: 'excepted', because: 'under-way' },
    })
  })

  it('never stop STAT or the last reader, and record why', () => {
    const weak = entriesOf(untrained(noAgreement(everythingInPlace())))
    expect(gateTransfer(weak, { ...TRANSFER, priority: 'stat' }, BLOCK)).toMatchObject({
      ...{ verdict: 'excepted', because: 'stat' },
    })
    expect(gateClaim(weak, { ...CLAIM, priority: 'stat' }, BLOCK)).toMatchObject({
      because: 'stat',
    })
    const alone = register('training', edited('reader-2', {}, day(-1)))
    const nobody = entriesOf(alone(untrained(everythingInPlace())))
    expect(gateClaim(nobody, CLAIM, BLOCK)).toMatchObject({
      ...{ verdict: 'excepted', because: 'last-reader' },
    })
    expect(gateClaim(weak, { ...CLAIM, readers: ['reader-1'] }, BLOCK)).toMatchObject({
      because: 'last-reader',
    })
  })

  it('block a final report by a reader whose privilege is for preliminary ones', () => {
    const reading = register('privilege', edited('reader-2', { reads: 'final' }))
    const entries = entriesOf(reading(everythingInPlace()))
    const report = { ...CLAIM, isFinal: true }
    expect(gateReport(entries, report, BLOCK)).toEqual({
      ...{ verdict: 'blocked', findings: ['final'], subject: 'reader-1' },
    })
    expect(gateReport(entries, { ...report, reader: 'reader-2' }, BLOCK).verdict).toBe('passed')
    expect(gateReport(entries, { ...report, isFinal: false }, BLOCK).verdict).toBe('passed')
    expect(gateReport(entries, { ...report, priority: 'stat' }, BLOCK)).toMatchObject({
      ...{ verdict: 'excepted', because: 'stat' },
    })
    expect(gateReport(entries, { ...report, readers: ['reader-1'] }, BLOCK)).toMatchObject({
      ...{ verdict: 'excepted', because: 'last-reader' },
    })
    expect(gateReport(entries, report, { ...BLOCK, enforce: 'warn' })).toMatchObject({
      ...{ verdict: 'warned', findings: ['final'] },
    })
  })

  it('let a reader finish whose privilege for final reports lapsed, but not extend it', () => {
    const report = { ...CLAIM, isFinal: true }
    const privilege = (...edits: readonly ReturnType<typeof edited>[]) =>
      entriesOf(
        edits.reduce(
          (facts, edit) => register('privilege', edit)(facts),
          register('privilege', edited('reader-2', { reads: 'final' }))(everythingInPlace()),
        ),
      )
    const finishing = { verdict: 'excepted', findings: ['privilege'], because: 'under-way' }
    const lapsed = privilege(edited('reader-1', { reads: 'final' }, day(-1)))
    expect(gateReport(lapsed, report, BLOCK)).toMatchObject(finishing)
    const revoked = privilege(edited('reader-1', { reads: 'final' }), ended('reader-1'))
    expect(gateReport(revoked, report, BLOCK)).toMatchObject(finishing)
    const wasPreliminary = privilege(edited('reader-1', {}, day(-1)))
    expect(gateReport(wasPreliminary, report, BLOCK).verdict).toBe('blocked')
    const onlyCt = privilege(edited('reader-1', { reads: 'final', modalities: ['CT'] }))
    const both = { ...report, modalities: ['CT', 'US'] }
    expect([report, both].map((one) => gateReport(onlyCt, one, BLOCK).verdict)).toEqual([
      ...['passed', 'passed'],
    ])
    const usToo = entriesOf(
      register('privilege', (all) => [
        ...all,
        entry('privilege', 'reader-1', {
          ...{ reader: 'reader-1', facility: 'facility-a', modalities: ['US'] },
          reads: 'preliminary',
        }),
      ])({
        ...everythingInPlace(),
        registers: { ...everythingInPlace().registers!, entries: onlyCt },
      }),
    )
    expect(gateReport(usToo, both, BLOCK).verdict).toBe('blocked')
  })

  it('stop nothing in warn mode, whatever the registers contain', () => {
    const plants = [noAgreement, untrained, register('privilege', () => [])]
    fc.assert(
      fc.property(
        fc.subarray(plants),
        fc.constantFrom('stat', 'urgent', 'routine'),
        fc.constantFrom('warn' as const, 'block' as const),
        (planted, priority, enforce) => {
          const entries = entriesOf(
            planted.reduce((facts, plant) => plant(facts), everythingInPlace()),
          )
          const verdicts = [
            gateTransfer(entries, { ...TRANSFER, priority }, { enforce, at: AT }).verdict,
            gateClaim(entries, { ...CLAIM, priority }, { enforce, at: AT }).verdict,
          ]
          if (enforce === 'warn' || priority === 'stat') expect(verdicts).not.toContain('blocked')
          if (planted.length === 0) expect(verdicts).toEqual(['passed', 'passed'])
        },
      ),
    )
  })
})

describe('the gatekeeper', () => {
  let open: OpenLedger
  let time = AT
  const actor = { id: 'facility-a', role: 'sender' as const }
  const never = () => Promise.reject(new Error('not asked'))
  const keeper = (enforce: 'warn' | 'block') =>
    createCompliance({
      config: { registers: { enforce } } as SiteConfig,
      ...{ state: open.state, ledger: open.ledger, version: '0', now: () => time, inspect: never },
      guard: createRowGuard({ ledger: open.ledger, siteSecret: open.signingKey, alert: never }),
      ledgerSources: {
        ...{ spans: never, lastOf: never, review: never },
        ...{ proposed: never, witnessed: never, sinks: never },
      },
      systemSources: { node: 'v24', verifyLedger: never, tokens: never, sample: never },
      probe: never,
    })
  const applied = async () =>
    (await open.ledger.query({ types: ['gate.applied'] })).rows.map(({ entry }) => entry.detail)

  beforeAll(async () => {
    open = await openLedger()
  })
  afterAll(async () => {
    await open.close()
  })

  it('warns once per hour, and records an event when it blocks', async () => {
    const warning = keeper('warn')
    await warning.gates.transfer(TRANSFER, actor)
    await warning.gates.transfer(TRANSFER, actor)
    expect(await applied()).toMatchObject([
      { gate: 'transfer', verdict: 'warned', subject: 'nights' },
    ])
    time += DAY
    await warning.gates.transfer(TRANSFER, actor)
    expect(await applied()).toHaveLength(2)

    const blocking = keeper('block')
    await expect(blocking.gates.transfer(TRANSFER, actor)).rejects.toMatchObject({
      ...{ code: 'agreement_missing', subject: 'nights' },
    })
    await blocking.gates.transfer({ ...TRANSFER, priority: 'stat' }, actor)
    await blocking.gates.claim({ ...CLAIM, readers: ['reader-1'] }, actor)
    expect((await applied()).slice(2)).toMatchObject([
      { verdict: 'blocked' },
      { verdict: 'excepted', because: 'stat' },
      { gate: 'claim', verdict: 'excepted', because: 'last-reader' },
    ])
    for (const [reader, reads] of [
      ['reader-1', 'preliminary'],
      ['reader-2', 'final'],
    ])
      await blocking.registers.add(
        [
          {
            kind: 'privilege',
            fields: {
              ...{ reader, reads, facility: 'facility-a', modalities: 'all' },
              ...{ licence: 'L1', state: 'CA', until: day(99) },
            },
          },
        ],
        { id: 'officer-1', role: 'officer' },
      )
    const report = { ...CLAIM, isFinal: true }
    await expect(blocking.gates.report(report, actor)).rejects.toMatchObject({
      ...{ code: 'reader_not_final', subject: 'reader-1' },
    })
    await blocking.gates.report({ ...report, reader: 'reader-2' }, actor)
    await blocking.gates.report({ ...report, priority: 'stat' }, actor)
    expect((await applied()).slice(5)).toMatchObject([
      { gate: 'report', verdict: 'blocked', findings: ['final'] },
      { gate: 'report', verdict: 'excepted', because: 'stat' },
    ])
    for (const party of ['nights', 'facility-a'])
      await blocking.registers.add(
        [{ kind: 'agreement', fields: { party, type: 'baa', signed: day(-1) } }],
        { id: 'officer-1', role: 'officer' },
      )
    await blocking.gates.transfer(TRANSFER, actor)
    expect(await applied()).toHaveLength(7)
  })
})
