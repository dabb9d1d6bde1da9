import { describe, expect, it } from '@jest/globals'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/profile.js'
import { tagOf } from '../../src/dicom/dictionary/dictionary.js'
import { file, valueOf, type Written } from './_build.js'
import { contextFor, run } from './_run.js'

const under = (...options: string[]) =>
  contextFor('pseudonymize', { profile: { ...BUILT_IN_PROFILES.strip, options } })
const tag = (keyword: string): number => tagOf(keyword) ?? 0
const text = (keyword: string, vr: string, value: string): Written => [tag(keyword), vr, value]
const DEVICE_IDENTITY = '113109'
const FULL_DATES = '113106'

/** What remains of one element, in addition to the identity that every instance has. */
const leftOf = async (element: Written, context = contextFor('strip'), more: Written[] = []) =>
  valueOf((await run(file([element, ...more]), context)).bytes, element[0])

describe('text written by people that the table does not list', () => {
  it.each([
    ['SegmentDescription', 'ST'],
    ['TextValue', 'UT'],
    ['CommentsOnTheScheduledProcedureStep', 'LT'],
    ['ContentDescription', 'LO'],
    ['ProcedureStepLabel', 'LO'],
  ])('keeps only known words, whether or not others are names: %s', async (keyword, vr) => {
    const name = text(keyword, vr, 'lesion of the left lung, Zbigniew knows')
    expect(await leftOf(name)).toBe(
      keyword === 'TextValue' ? 'ANONYMIZED' : 'lesion of the left lung, [...] knows',
    )
    expect(await leftOf(text(keyword, vr, 'Zbigniew'))).toBe('ANONYMIZED')
  })

  it.each([
    ['DetectorDescription', 'LT', 'DETECTOR VERSION 1.0 MTFCOMP 1.0'],
    ['WindowCenterWidthExplanation', 'LO', 'BONE\\WINDOW2'],
    ['SoftwareVersions', 'LO', 'syngo XA30'],
  ])('is kept if written by equipment: %s', async (keyword, vr, value) => {
    expect(await leftOf(text(keyword, vr, value))).toBe(value)
  })
})

describe('an attribute with the same meaning as one in the table', () => {
  it.each([
    ['PatientBirthDateInAlternativeCalendar', 'LO', undefined],
    ['PatientDeathDateInAlternativeCalendar', 'LO', undefined],
    ['PlacerOrderNumberProcedure', 'SH', ''],
    ['RadiationMachineName', 'SH', ''],
    ['UniversalEntityID', 'UT', 'ANONYMIZED'],
  ])('follows its row: %s', async (keyword, vr, left) => {
    expect(await leftOf(text(keyword, vr, 'LINAC 7'))).toBe(left)
  })

  it('follows the options of that row', async () => {
    const machine = text('RadiationMachineName', 'SH', 'LINAC 7')
    expect(await leftOf(machine, under(DEVICE_IDENTITY))).toBe('LINAC 7')
  })
})

describe('an element with a VR of the wrong kind', () => {
  it.each<[string, Written]>([
    ['text for binary numbers', [tag('SmallestImagePixelValue'), 'LO', 'Zbigniew']],
    ['text for items', [tag('SharedFunctionalGroupsSequence'), 'LO', 'Zbigniew']],
    ['bytes for items', [tag('SharedFunctionalGroupsSequence'), 'OB', Buffer.from('Zbigniew')]],
    [
      'items for text',
      [tag('ManufacturerModelName'), 'SQ', { items: [[[0x00181020, 'LO', 'x']]] }],
    ],
  ])('goes: %s', async (_, element) => {
    expect(await leftOf(element)).toBeUndefined()
  })
})

describe('under the option for full dates', () => {
  const newborn: Written = [0x00100030, 'DA', '20240229']

  it('a study on the day of birth keeps its date', async () => {
    const study: Written = [0x00080020, 'DA', '20240229']
    expect(await leftOf(study, under(FULL_DATES), [newborn])).toBe('20240229')
  })

  it('a birth date given as a value is removed', async () => {
    const told: Written = [0x0040a121, 'DA', '20240229']
    expect(await leftOf(told, under(FULL_DATES), [newborn])).toBe('19000101')
    expect(await leftOf(told, under(FULL_DATES))).toBe('20240229')
  })

  it.each([
    ['DA', 0x00080020, 'Zbigniew', ''],
    ['TM', 0x00080030, 'at noon', ''],
    ['DT', 0x0008002a, '2024022', '19000101000000'],
    ['DT', 0x0008002a, '202402+0100', '202402+0100'],
    ['TM', 0x00080030, '12:30:00', '12:30:00'],
  ])('what is no %s does not stay as one: %#', async (vr, place, value, left) => {
    expect(await leftOf([place, vr, value], under(FULL_DATES))).toBe(left)
  })
})

describe('an identifier of the source in another form', () => {
  const SOFTWARE = 0x00181020
  const about: Written[] = [
    [0x00101040, 'LO', '12 Wierzbowa Street, Lublin'],
    [0x00102154, 'SH', '+48 22 555 0143'],
    [0x00102155, 'LT', 'mailto:jan.kow@example.net'],
  ]

  it.each([
    ...['12 WIERZBOWA St.', '(22) 555-0143', '555-0143', 'to jan.kow@example.net'],
    ...['21 March 1970', 'March 21st, 1970', '21. M\u00e4rz 1970', '21 mars 1970', '21-MAR-1970'],
    ...['1970 MAR 21', '21-Mar-70', '21 de marzo de 1970'],
  ])('does not leave: %s', async (value) => {
    const written = Buffer.from(`v1 ${value}`, 'latin1')
    const latin1: Written = [0x00080005, 'CS', 'ISO_IR 100']
    expect(
      await leftOf([SOFTWARE, 'LO', written], contextFor('strip'), [...about, latin1]),
    ).toMatch(/^(ANONYMIZED|v1 (to )?\[\.\.\.\]( St\.)?)$/)
  })

  it.each(['of 20240229', 'of 2024-02-29 at noon', 'of 29.02.2024', 'of 2/29/2024', 'a20240229b'])(
    'is removed if it contains the study date: %s',
    async (value) => {
      expect(await leftOf([SOFTWARE, 'LO', value])).toMatch(
        /^(ANONYMIZED|of \[\.\.\.\]( at noon)?)$/,
      )
    },
  )

  const named = (bytes: Buffer, characterSet: string): Written[] => [
    [0x00080005, 'CS', characterSet],
    [0x00100010, 'PN', bytes],
  ]
  const MULLER = 'Gr\u00f6\u00dfmann^J\u00fcrgen'

  it.each<[string, Written[], Buffer]>([
    [
      'a name in UTF-8 declared as Latin-1',
      named(Buffer.from(MULLER, 'utf8'), 'ISO_IR 100'),
      Buffer.from('for Gr\u00f6\u00dfmann', 'latin1'),
    ],
    [
      'the same, repeated without accents',
      named(Buffer.from(MULLER, 'utf8'), 'ISO_IR 100'),
      Buffer.from('for GROSSMANN'),
    ],
    [
      'a letter without an unaccented form',
      named(Buffer.from('\u0141uka\u015b^Bj\u00f8rn', 'utf8'), 'ISO_IR 192'),
      Buffer.from('for LUKAS, Bjorn'),
    ],
    [
      'a text in UTF-8 next to a name in Latin-1',
      named(Buffer.from(MULLER, 'latin1'), 'ISO_IR 100'),
      Buffer.from('for GR\u00d6SSMANN', 'utf8'),
    ],
    [
      'a text in Latin-1 next to a name in UTF-8',
      named(Buffer.from(MULLER, 'utf8'), 'ISO_IR 192'),
      Buffer.from('for Gr\u00f6\u00dfmann', 'latin1'),
    ],
  ])('does not leave where character sets are mixed up: %s', async (_, more, value) => {
    expect(await leftOf([SOFTWARE, 'LO', value], contextFor('strip'), more)).toMatch(
      /^for \[\.\.\.\](, \[\.\.\.\])?$/,
    )
  })
})
