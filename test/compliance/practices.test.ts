/** Since when a practice has been in place: without a gap, and until now. */
import { describe, expect, it } from '@jest/globals'
import { practicesCsv, practicesOf, practicesPdf } from '../../src/compliance/practices/index.js'
import type { PracticeSources } from '../../src/compliance/practices/index.js'
import type { Assessment } from '../../src/compliance/run.js'
import type { EventType, LedgerEntry } from '../../src/ledger/log/index.js'
import { AT, DAY } from './_site.js'

const event = (type: EventType, days: number, detail: LedgerEntry['detail'] = {}) => ({
  index: 1_000 + days,
  entry: {
    ...{ v: 1 as const, id: 'e', nonce: 'n', dcm: [], gateway: 'g', outcome: 0 as const },
    ...{ type, detail, time: new Date(AT + days * DAY).toISOString() },
    actor: { id: 'officer-1', role: 'officer' as const },
  },
})
const assessment = (days: number, verdict: string, ...checks: readonly string[]) => ({
  index: 2_000 + days,
  assessment: {
    at: new Date(AT + days * DAY).toISOString(),
    observations: checks.map((check) => ({ check, verdict })),
  } as unknown as Assessment,
})
const report = (more: {
  readonly events?: readonly ReturnType<typeof event>[]
  readonly assessments?: PracticeSources['assessments']
}) =>
  practicesOf({
    ...{ gateway: 'g', now: AT },
    events: (types) => (more.events ?? []).filter(({ entry }) => types.includes(entry.type)),
    assessments: more.assessments ?? [],
  })
const practice = (number: number, of: ReturnType<typeof report>) => of.practices[number - 1]
const monthly = (from: number) =>
  Array.from({ length: Math.ceil(-from / 30) }, (_, i) => event('ledger.reviewed', from + i * 30))
const CHECKS = ['activity-reviewed', 'events-recorded', 'ledger-intact']

describe('recognised practices', () => {
  it('are in place for twelve months when every piece of evidence is, without a gap', () => {
    const good = [-400, -200, -10].map((days) => assessment(days, 'satisfied', ...CHECKS))
    const shown = practice(8, report({ events: monthly(-420), assessments: good }))
    expect(shown).toMatchObject({ isTwelveMonths: true, since: good[0]?.assessment.at })
    expect(shown?.evidence[0]).toMatchObject({ count: 14, entries: [580, 970] })
  })

  it('begin anew after a gap, a failed check, or an assessment left out for over a year', () => {
    const gap = monthly(-420).filter(({ index }) => index !== 880 && index !== 910)
    expect(practice(8, report({ events: gap }))?.evidence[0]).toMatchObject({
      since: new Date(AT - 60 * DAY).toISOString(),
    })
    const failed = [
      assessment(-400, 'satisfied', ...CHECKS),
      assessment(-200, 'not-satisfied', ...CHECKS),
      assessment(-10, 'satisfied', ...CHECKS),
    ]
    const shown = practice(8, report({ events: monthly(-420), assessments: failed }))
    expect(shown).toMatchObject({ isTwelveMonths: false, since: failed[2]?.assessment.at })
    const old = [assessment(-800, 'satisfied', ...CHECKS), assessment(-10, 'satisfied', ...CHECKS)]
    expect(practice(8, report({ assessments: old }))?.evidence.at(-1)).toMatchObject({
      since: old[1]?.assessment.at,
    })
  })

  it('are not in place when the last evidence is too old, or a piece is missing', () => {
    const stopped = monthly(-420).slice(0, -3)
    expect(practice(8, report({ events: stopped }))).toMatchObject({ since: undefined })
    const half = practice(4, report({ events: [event('backup.made', -1)] }))
    expect(half).toMatchObject({ since: undefined, isTwelveMonths: false })
  })

  it('count only what is about them, and say what the gateway cannot show', () => {
    const of = report({
      events: [
        event('register.added', -5, { kind: 'vendor' }),
        event('ledger.exported', -5, { what: 'safeguards' }),
        event('ledger.exported', -3, { what: 'events' }),
      ],
    })
    expect(practice(2, of)?.evidence[0]).toMatchObject({ count: 0 })
    expect(practice(5, of)?.evidence[0]).toMatchObject({ count: 1, entries: [995] })
    expect(practice(1, of)).toMatchObject({ evidence: [], since: undefined })
    expect(practicesCsv(of)).toContain('"1","E-mail protection systems","The gateway sends')
  })

  it('are printed, tagged', async () => {
    const context = { ledgerKey: 'k', event: 1, madeFor: 'officer-1' }
    const chunks: Uint8Array[] = []
    for await (const chunk of practicesPdf(report({}), context)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString('latin1')).toContain('/MarkInfo')
  })
})
