import { describe, expect, it } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testFiles } from '../../src/cli/site/intake-test.js'
import { parseWeekly } from '../../src/config/duty.js'
import type { SiteConfig } from '../../src/config/index.js'
import { createRules, routing } from '../../src/intake/index.js'
import type { IntakeRule, RuledInstance } from '../../src/intake/index.js'
import { file } from '../deidentify/_build.js'

const rules: readonly IntakeRule[] = [
  {
    when: { aeTitle: ['CT_ER'], bodyPart: ['HEAD', 'BRAIN'] },
    then: { group: 'neuro', priority: 'stat' },
  },
  { when: { modality: ['MG'] }, then: { group: 'breast' } },
  { when: { facility: ['facility-a'], station: ['ICU'] }, then: { priority: 'urgent' } },
  { when: {}, then: { group: 'nights' } },
]

const signs = {
  ...{ sopClassUID: undefined, sopInstanceUID: undefined, studyInstanceUID: undefined },
  ...{
    modality: undefined,
    stationName: undefined,
    bodyPart: undefined,
    studyDescription: undefined,
    ...{ studyDate: undefined, patientId: undefined, patientBirthDate: undefined },
  },
}
const instance = ({
  aeTitle,
  facility = 'facility-a',
  address,
  at = 0,
  ...found
}: Partial<RuledInstance & RuledInstance['signs']>): RuledInstance => ({
  facility,
  aeTitle,
  address,
  at,
  signs: { ...signs, ...found },
})

describe('intake rules', () => {
  it.each([
    ['both conditions hold', { aeTitle: 'CT_ER', bodyPart: 'Head' }, 0],
    ['one of two holds', { aeTitle: 'CT_ER', bodyPart: 'CHEST' }, 3],
    ['an earlier rule does not match', { modality: 'MG', stationName: 'ICU' }, 1],
    ['the station matches', { stationName: 'icu' }, 2],
    ['the facility is another', { stationName: 'ICU', facility: 'facility-b' }, 3],
    ['nothing is known about the instance', {}, 3],
  ])('apply the first match when %s', (_when, about, index) => {
    const applied = routing(createRules(rules, 'UTC')(instance(about)), []).check
    expect(applied?.rule).toBe(rules[index])
  })

  it('give none when none matches, and say what each lacks', () => {
    const checks = createRules(rules.slice(0, 3), 'UTC')(instance({ modality: 'CT' }))
    expect(routing(checks, []).check).toBeUndefined()
    expect(checks.map(({ unmet }) => unmet)).toEqual([
      [
        { condition: 'aeTitle', found: undefined },
        { condition: 'bodyPart', found: undefined },
      ],
      [{ condition: 'modality', found: 'CT' }],
      [{ condition: 'station', found: undefined }],
    ])
  })

  it('look at the address of the sender', () => {
    const check = createRules([{ when: { address: ['10.1.2.0/24', 'fd00::1'] }, then: {} }], 'UTC')
    const taken = (address?: string) =>
      routing(check(instance({ ...(address !== undefined && { address }) })), []).check !==
      undefined
    expect(['10.1.2.9', 'fd00::1'].map(taken)).toEqual([true, true])
    expect(['10.1.3.1', 'fd00::2', 'nonsense', undefined].map(taken)).toEqual(
      Array.from({ length: 4 }, () => false),
    )
  })

  it.each([
    ['in the evening', '2026-03-03T23:30:00Z', true],
    ['before the hours', '2026-03-03T22:59:59Z', false],
    ['on the next morning', '2026-03-04T11:59:59Z', true],
    ['when they have ended', '2026-03-04T12:00:00Z', false],
    ['on Saturday morning, which Friday has begun', '2026-03-07T11:00:00Z', true],
    ['on Saturday evening', '2026-03-07T23:30:00Z', false],
    ['in summer time, an hour earlier in UTC', '2026-07-07T22:00:00Z', true],
  ])('look at days and hours in the zone of the site: %s', (_when, at, isTaken) => {
    const hours = parseWeekly('mon-fri 18:00-07:00')
    const rule = { when: { ...(hours && { hours: [hours] }) }, then: {} }
    const checks = createRules([rule], 'America/New_York')(instance({ at: Date.parse(at) }))
    expect(routing(checks, []).check !== undefined).toBe(isTaken)
  })

  it('take the wish of the sender first, then the rule, then the only group', () => {
    const checks = createRules(rules, 'UTC')(instance({ modality: 'MG' }))
    expect(routing(checks, ['breast', 'nights'])).toMatchObject({ group: 'breast' })
    expect(routing(checks, ['breast', 'nights'], { group: 'nights', priority: 'stat' })).toEqual(
      expect.objectContaining({ group: 'nights', priority: 'stat' }),
    )
    // A group that the facility does not send to.
    expect(routing(checks, ['nights', 'days']).group).toBeUndefined()
    expect(routing([], ['nights'])).toMatchObject({ group: 'nights', priority: 'routine' })
    expect(routing([], ['nights', 'days'])).toMatchObject({ group: undefined, waits: 'unmatched' })
  })

  it('hold a study for a person, unless the sender names a group', () => {
    const hold = createRules([{ when: {}, then: { hold: true, profile: 'strip' } }], 'UTC')
    const checks = hold(instance({}))
    expect(routing(checks, ['nights'])).toMatchObject({
      ...{ group: undefined, waits: 'hold', profile: 'strip' },
    })
    expect(routing(checks, ['nights'], { group: 'nights' })).toMatchObject({
      ...{ group: 'nights', waits: undefined },
    })
  })
})

describe('intake test', () => {
  it('explains which rule takes a file, and why the others do not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nocturne-intake-'))
    const path = join(folder, 'a.dcm')
    await writeFile(path, file([[0x00080060, 'CS', 'MG']]))
    await writeFile(join(folder, 'b'), 'this is no DICOM')
    const intake = { rules, timezone: 'UTC' } as unknown as SiteConfig['intake']
    const facilities = [{ id: 'facility-a', groups: ['breast', 'neuro'] }]
    const config = { intake, facilities: facilities as unknown as SiteConfig['facilities'] }
    const tested = await testFiles(config, [path, join(folder, 'b')], { aeTitle: 'CT_ER' }, 0)
    expect(tested).toEqual([
      {
        ...{ file: path, isDicom: true, rule: 2, group: 'breast', priority: 'routine' },
        skipped: [{ rule: 1, unmet: ['bodyPart is not given'] }],
      },
      expect.objectContaining({ isDicom: false, rule: 4 }),
    ])
    expect(tested[1]).toMatchObject({ waits: 'unmatched' })
    expect(tested[1]).not.toHaveProperty('group')
    await expect(testFiles(config, [join(folder, 'c')], {}, 0)).rejects.toMatchObject({
      code: 'file_unreadable',
    })
    await expect(testFiles(config, [path], { facility: 'x' }, 0)).rejects.toMatchObject({
      code: 'usage',
    })
    await rm(folder, { recursive: true })
  })
})
