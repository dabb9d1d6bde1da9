import { describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { compare } from '../../src/compliance/index.js'
import { assess } from '../../src/compliance/run.js'
import { CHECKS, catalogueOf } from '../../src/compliance/catalogue.js'
import { coverageText } from '../../src/compliance/coverage.js'
import { protocolRows, securityRule } from '../../src/compliance/citations.js'
import type { Facts } from '../../src/compliance/facts.js'
import type { RunOptions, Statement } from '../../src/compliance/run.js'
import { CASES } from './_cases.js'
import {
  AT,
  change,
  day,
  DAY,
  edited,
  everythingInPlace,
  freshSite,
  noFacts,
  register,
} from './_site.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const run = (facts: Facts, more: Partial<RunOptions> = {}) =>
  assess(facts, {
    ...{ profile: 'hipaa', gateway: 'gateway.example.org', version: '0.1.0' },
    ...{ statements: [], sha256, ...more },
  })
const security = (facts: Facts, more: Partial<RunOptions> = {}) =>
  run(facts, more).findings.filter(({ audit }) => audit === 'security')
const stateOf = (facts: Facts, row: string, statements: readonly Statement[] = []) =>
  run(facts, { statements }).findings.find((one) => one.row === row)

let said = 0
const statement = (row: string, more: Partial<Statement> = {}): Statement => ({
  ...{ id: `s${++said}`, row, says: 'met', text: 'as our handbook says', attachments: [] },
  ...{ until: day(300), by: 'officer-1', at: AT - DAY + said, ...more },
})

describe('the law as data', () => {
  it('has the rows of the protocol and the flags of Appendix A', () => {
    const rows = protocolRows()
    const count = (audit: string) => rows.filter((row) => row.audit === audit).length
    expect([count('privacy'), count('security'), count('breach')]).toEqual([89, 72, 19])
    expect(new Set(rows.map(({ id }) => id)).size).toBe(180)
    const specs = securityRule().flatMap((standard) => standard.specs)
    const inThree = securityRule().filter(({ group }) =>
      ['administrative', 'physical', 'technical'].includes(group),
    )
    expect(inThree).toHaveLength(18)
    expect(inThree.flatMap((one) => one.specs)).toHaveLength(36)
    expect(specs.filter(({ flag }) => flag === 'A')).toHaveLength(22)
  })

  it('agrees with itself on what is required and what is addressable', () => {
    const flags = new Map(
      securityRule().flatMap(({ cite, flag, specs }) => [
        [cite, flag ?? 'R'] as const,
        ...specs.map((spec) => [spec.cite, spec.flag] as const),
      ]),
    )
    const differing = protocolRows().filter(
      ({ audit, cites, ra }) =>
        audit === 'security' && flags.has(cites[0] ?? '') && flags.get(cites[0] ?? '') !== ra,
    )
    expect(differing.map(({ id }) => id)).toEqual([])
  })
})

describe('every check', () => {
  it('has failing examples, and is used by a row', () => {
    expect(Object.keys(CASES).sort()).toEqual(CHECKS.map(({ id }) => id).sort())
    const used = new Set(
      (['hipaa', 'proposed-2025'] as const).flatMap((profile) =>
        catalogueOf(profile).flatMap(({ checks }) => checks.map(({ id }) => id)),
      ),
    )
    expect(CHECKS.map(({ id }) => id).filter((id) => !used.has(id))).toEqual([])
    expect(Object.values(CASES).every(({ failing }) => failing.length > 0)).toBe(true)
  })

  it.each(CHECKS)('$id passes when everything is in place', (check) => {
    const outcome = check.run(everythingInPlace())
    expect(['satisfied', 'not-applicable']).toContain(outcome.verdict)
    expect(outcome.says).not.toBe('')
  })

  it.each(
    CHECKS.flatMap((check) =>
      Object.entries(CASES[check.id]?.passing ?? {}).map(([name, plant]) => ({
        ...{ check, id: check.id, name, plant },
      })),
    ),
  )('$id passes with $name', ({ check, plant }) => {
    expect(check.run(plant(everythingInPlace())).verdict).toBe('satisfied')
  })

  it.each(
    CHECKS.flatMap((check) =>
      (CASES[check.id]?.failing ?? []).map((one) => ({ ...one, check, id: check.id })),
    ),
  )('$id fails: $name', ({ check, plant, says }) => {
    const facts = plant(everythingInPlace())
    const outcome = check.run(facts)
    expect(outcome).toMatchObject({ verdict: 'not-satisfied', says: expect.stringMatching(says) })
    expect(outcome.next).toMatch(/\w/)
    const rows = run(facts).findings.filter(({ checks }) => checks.includes(check.id))
    expect(rows.filter(({ isSatisfied }) => isSatisfied)).toEqual([])
    expect(rows.every(({ next }) => next.includes(outcome.next ?? ''))).toBe(true)
  })

  it.each(CHECKS)('$id is unknown without its source, and counts as not satisfied', (check) => {
    const outcome = check.run(noFacts())
    expect(outcome).toMatchObject({ verdict: 'unknown', next: expect.stringMatching(/\w/) })
    const finding = run(noFacts()).findings.find(({ checks }) => checks.includes(check.id))
    expect(finding).toMatchObject({ isSatisfied: false })
  })

  it('states the facts it examined, with their digest', () => {
    for (const { evidence } of run(everythingInPlace()).observations) {
      expect(evidence.sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(Date.parse(evidence.expires)).toBeGreaterThan(AT)
    }
  })
})

describe('the coverage', () => {
  it('matches the committed file', async () => {
    const file = new URL('../../src/compliance/COVERAGE.md', import.meta.url)
    expect(coverageText()).toBe(await readFile(file, 'utf8'))
  })

  it('answers 45 rows of the Security Rule by checks, 25 of them without a register', () => {
    const rows = catalogueOf('hipaa').filter(({ audit }) => audit === 'security')
    const answered = rows.filter(({ checks }) => checks.length > 0)
    const shown = answered.filter(({ checks }) => checks.some((one) => one.source !== 'register'))
    expect(answered.length).toBeGreaterThanOrEqual(45)
    expect(shown.length).toBeGreaterThanOrEqual(25)
  })
})

describe('an assessment', () => {
  it('of a fresh site names real gaps, each with steps, and calls nothing met without evidence', () => {
    const findings = security(freshSite())
    expect(findings.filter(({ state }) => state === 'met')).toEqual([])
    const gaps = findings.filter(({ isSatisfied }) => !isSatisfied)
    expect(gaps.length).toBeGreaterThan(60)
    expect(gaps.filter(({ next }) => next.length === 0)).toEqual([])
  })

  it('with everything in place leaves only what a person has to state', () => {
    const findings = security(everythingInPlace())
    const states = new Set(findings.map(({ state }) => state))
    expect([...states].sort()).toEqual(['context', 'met', 'not-applicable', 'open'])
    const open = findings.filter(({ state }) => state === 'open').map(({ row }) => row)
    const rest = security(everythingInPlace(), { statements: open.map((row) => statement(row)) })
    expect(rest.filter(({ isSatisfied }) => !isSatisfied)).toEqual([])
    expect(rest.filter(({ state }) => state === 'stated').every((one) => one.statement)).toBe(true)
  })

  it('does not accept a statement that contradicts a check', () => {
    const weak = change('ledger', { lastBackup: undefined })(everythingInPlace())
    expect(stateOf(weak, 'S-25', [statement('S-25')])).toMatchObject({ state: 'gap' })
  })

  it('asks a person about what its checks examine without a result', () => {
    const plan = register(
      'organisation',
      edited('operator', { healthPlan: true }),
    )(everythingInPlace())
    expect(stateOf(plan, 'S-63')).toMatchObject({
      ...{ state: 'unknown', next: [expect.anything(), expect.stringContaining('state S-63')] },
    })
    expect(stateOf(plan, 'S-63', [statement('S-63')])).toMatchObject({ state: 'stated' })
    const calm = change('registers', { incidents: [] })(everythingInPlace())
    expect(stateOf(calm, 'S-22')).toMatchObject({ state: 'unknown' })
    expect(stateOf(calm, 'S-22', [statement('S-22')])).toMatchObject({ state: 'met' })
  })

  it('accepts an alternative only for an addressable specification, with a reason', () => {
    const weak = change('system', {
      objects: { sampled: 2, sealed: 1, intact: 2 },
    })(everythingInPlace())
    const other = { says: 'alternative', text: 'the disk is encrypted' } as const
    expect(stateOf(weak, 'S-49', [statement('S-49', other)])).toMatchObject({
      ...{ ra: 'A', state: 'alternative', reason: expect.stringContaining('disk is encrypted') },
    })
    const gone = change('ledger', { lastBackup: undefined })(everythingInPlace())
    expect(stateOf(gone, 'S-25', [statement('S-25', other)])).toMatchObject({
      ra: 'R',
      state: 'gap',
    })
  })

  it('lets a statement expire, and uses the newest', () => {
    const facts = everythingInPlace()
    const first = statement('S-33')
    expect(stateOf(facts, 'S-33', [first])).toMatchObject({ state: 'stated' })
    expect(stateOf(facts, 'S-33', [{ ...first, until: day(-1) }])).toMatchObject({ state: 'open' })
    const second = statement('S-33', { says: 'not-met' })
    expect(stateOf(facts, 'S-33', [second, first])).toMatchObject({ state: 'gap' })
  })

  it('shows what changed since the previous one', () => {
    const before = run(everythingInPlace())
    const after = run(change('ledger', { lastBackup: undefined })(everythingInPlace()))
    expect(compare(before, before)).toEqual([])
    expect(compare(before, after)).toEqual([
      { row: 'S-25', before: 'met', after: 'gap' },
      { row: 'S-44', before: 'met', after: 'gap' },
    ])
  })

  it('has the proposed rule as a separate profile, marked as not in force', () => {
    const { findings } = run(everythingInPlace(), { profile: 'proposed-2025' })
    expect(findings.length).toBeGreaterThan(15)
    expect(findings.every(({ section }) => section.startsWith('proposed '))).toBe(true)
    expect(findings.find(({ row }) => row === 'N-08')).toMatchObject({ state: 'met' })
    expect(catalogueOf('proposed-2025')[0]?.inquiry).toMatch(/not in force/)
  })
})
