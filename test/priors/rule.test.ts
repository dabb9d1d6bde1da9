import { describe, expect, it } from '@jest/globals'
import { isPlainKey } from '../../src/doors/priors/pacs.js'
import { chosenPriors, datedPriors, regionsIn } from '../../src/priors/index.js'
import type { FoundStudy, NewStudy } from '../../src/priors/index.js'

const NEW: NewStudy = {
  ...{ studyInstanceUID: '1.2.1', patientId: 'P1', birthDate: '19700321', date: '20260301' },
  ...{ modality: 'CT', bodyPart: 'CHEST', description: 'CT Thorax' },
}
const found = (at: number, more: Partial<FoundStudy> = {}): FoundStudy => ({
  ...{ studyInstanceUID: `1.3.${at}`, patientId: 'P1', birthDate: '19700321' },
  ...{ date: '20250101', description: 'CT chest', modalities: ['CT'], bodyParts: [] },
  ...more,
})

const RULE = { studies: 2, years: 5, same: ['region'] } as const
const uidsOf = (all: readonly FoundStudy[]) => all.map(({ studyInstanceUID }) => studyInstanceUID)

describe('studies of the patient', () => {
  it.each<[string, Partial<FoundStudy>, boolean]>([
    ['an earlier one', {}, true],
    ['one of the same day', { date: '20260301' }, true],
    ['one of the same day five years ago', { date: '20210301' }, true],
    ['one of the day before that', { date: '20210228' }, false],
    ['a later one', { date: '20260302' }, false],
    ['one without a date', { date: '' }, false],
    ['one of another patient', { patientId: 'P2' }, false],
    ['one of somebody born on another day', { birthDate: '19700322' }, false],
    ['one that does not say when the patient was born', { birthDate: '' }, true],
    ['the new study itself', { studyInstanceUID: '1.2.1' }, false],
    ['one whose UID is none', { studyInstanceUID: '1.2/../3' }, false],
  ])('include or leave out %s', (_what, about, isIn) => {
    expect(datedPriors(RULE, NEW, [found(1, about)], '20260301')).toHaveLength(isIn ? 1 : 0)
  })

  it('are listed once, the newest first; without a date, from today on', () => {
    const all = [found(1), found(2, { date: '20260102' }), found(1)]
    expect(uidsOf(datedPriors(RULE, { ...NEW, date: '' }, all, '20260301'))).toEqual([
      '1.3.2',
      '1.3.1',
    ])
  })
})

describe('relevant studies', () => {
  const all = [
    found(1, { description: 'Rx torace' }),
    found(2, { description: 'MR Kopf', modalities: ['MR'] }),
    found(3, { description: '', bodyParts: ['LUNG'], modalities: ['MR'] }),
    found(4, { description: 'CT C/A/P: cap' }),
    found(5, { description: 'unnamed' }),
  ]

  it.each<[string, Partial<NewStudy>, Partial<typeof RULE> | object, string[]]>([
    ['the region, at most two', {}, {}, ['1.3.1', '1.3.3']],
    ['the region', {}, { studies: 9 }, ['1.3.1', '1.3.3', '1.3.4']],
    ['region and modality', {}, { studies: 9, same: ['region', 'modality'] }, ['1.3.1', '1.3.4']],
    ['nothing', {}, { studies: 9, same: [] }, ['1.3.1', '1.3.2', '1.3.3', '1.3.4', '1.3.5']],
    [
      'the modality, where the new study names no region',
      { bodyPart: '', description: '' },
      { studies: 9 },
      ['1.3.1', '1.3.4', '1.3.5'],
    ],
  ])('have %s in common', (_what, about, rule, chosen) => {
    expect(uidsOf(chosenPriors({ ...RULE, ...rule }, { ...NEW, ...about }, all))).toEqual(chosen)
  })

  it.each([
    ['CT C-SPINE W/O', ['spine']],
    ['MRT Schädel', ['head']],
    ['CT ABDOMEN/PELVIS', ['abdomen', 'pelvis']],
    ['XR Hand li.', ['arm']],
    ['army medical', []],
    ['PET WHOLE BODY', ['whole']],
  ])('know the words of %s', (text, regions) => {
    expect([...regionsIn([text])].sort()).toEqual(regions)
  })
})

it.each([
  ['MRN-0012', true],
  ['MRN*', false],
  ['MRN?2', false],
  ['A\\B', false],
  ['', false],
  ['Müller', false],
])('asks for the patient ID %s: %s', (id, may) => {
  expect(isPlainKey(id)).toBe(may)
})
