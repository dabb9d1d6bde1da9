import { describe, expect, it } from '@jest/globals'
import { ruleFor } from '../../src/intake/index.js'
import type { IntakeRule, RuledInstance } from '../../src/intake/index.js'

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
  },
}
const instance = ({
  aeTitle,
  facility = 'facility-a',
  ...found
}: Partial<RuledInstance & RuledInstance['signs']>): RuledInstance => ({
  facility,
  aeTitle,
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
    expect(ruleFor(rules, instance(about))).toBe(rules[index])
  })

  it('give none when none matches', () => {
    expect(ruleFor(rules.slice(0, 3), instance({ modality: 'CT' }))).toBeUndefined()
  })
})
