/**
 * An identity in every attribute of PS3.6 that can contain one, at the top level and in an item, in
 * each encoding: none of it is left, whatever Table E.1-1 and the options say about the attribute.
 */
import { describe, expect, it } from '@jest/globals'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/profile.js'
import { tagsOf } from '../../src/dicom/dictionary/dictionary.js'
import { FULL_DATES, OPTIONS, RETAIN_UIDS } from '../../src/deidentify/rules/options.js'
import { file, type Encoding, type Written } from '../deidentify/_build.js'
import { contextFor, run, withPixels } from '../deidentify/_run.js'

/** The identity of the instance from `_build.ts`; each value is short enough for its VR. */
const VALUES: Readonly<Record<string, string | Buffer>> = {
  AE: 'SMITHSON',
  CS: 'SMITHSON',
  DA: '19700321',
  DS: '19700321',
  DT: '19700321083000',
  IS: '19700321',
  LO: 'of Smithson, Janette (MRN0012345)',
  LT: 'Smithson born 21.03.1970',
  OB: Buffer.from('\0SMITHSON\0'),
  OD: Buffer.from('SMITHSON'),
  OF: Buffer.from('SMITHSON'),
  OL: Buffer.from('SMITHSON'),
  OV: Buffer.from('SMITHSON'),
  OW: Buffer.from('SMITHSON'),
  PN: 'Smithson^Janette',
  SH: 'x smithson',
  ST: 'JANETTE SMITHSON 12345',
  SV: Buffer.from('SMITHSON'),
  TM: '083000 Smithson',
  UC: 'mrn0012345',
  UI: '1.2.826.0.1.99.7',
  UR: 'http://host/SMITHSON',
  UT: 'smithsonjanette',
  UV: Buffer.from('SMITHSON'),
}
const LEFT = /smithson|janette|12345|19700321|21\.03\.1970/i

/**
 * Elements that identify the instance itself, and UIDs of classes and coding schemes, which
 * identify no instance.
 */
const NOT_PLANTED = new Set([
  ...[0x00080005, 0x00080016, 0x00080018, 0x0020000d, 0x0020000e],
  ...[
    0x0008001a, 0x0008001b, 0x00080062, 0x0008010c, 0x00080117, 0x00080118, 0x00081150, 0x0008115a,
  ],
])
const isPlanted = (tag: number): boolean =>
  tag >= 0x00080000 && tag < 0x7fe00000 && !NOT_PLANTED.has(tag)

const planted: readonly Written[] = Object.entries(VALUES).flatMap(([vr, value]) =>
  tagsOf(vr)
    .filter(isPlanted)
    .map((tag): Written => [tag, vr, value]),
)
const NESTED_IN = 0x52009230
const inItem: Written = [NESTED_IN, 'SQ', { items: [planted] }]
const sequences: readonly Written[] = tagsOf('SQ')
  .filter((tag) => isPlanted(tag) && tag !== NESTED_IN)
  .map((tag) => [
    tag,
    'SQ',
    {
      items: [
        [
          [0x300e0008, 'PN', 'SMITHSON^J'],
          [0x00181020, 'LO', 'J Smithson'],
        ],
      ],
    },
  ])
const MEDIA = [0x00041220, 0x00041200]

const ALL = OPTIONS.map(({ code }) => code)
const PROFILES = [
  { title: 'strip', options: [] },
  { title: 'pseudonymize', options: BUILT_IN_PROFILES.pseudonymize.options },
  {
    title: 'every option but full dates and UIDs',
    options: ALL.filter((code) => code !== FULL_DATES && code !== RETAIN_UIDS),
  },
]
const ENCODINGS: readonly Encoding[] = ['implicit', 'explicit', 'big']

describe.each(PROFILES)('$title', ({ options }) => {
  it.each(ENCODINGS)('leaves nothing of an identity in any attribute, %s', async (encoding) => {
    const profile = { ...BUILT_IN_PROFILES.pseudonymize, options }
    const elements = [...planted, ...sequences, inItem].filter(([tag]) => !MEDIA.includes(tag))
    expect(elements.length).toBeGreaterThan(3500)
    const context = withPixels('pass', contextFor('pseudonymize', { profile }))
    const { bytes, report } = await run(file(elements, encoding), context)
    // Retain Device Identity keeps the UIDs of devices.
    if (options.length === 0) expect(bytes.includes('1.2.826.0.1.99.7')).toBe(false)
    const found = LEFT.exec(bytes.toString('latin1'))
    const about = found ? bytes.toString('latin1', found.index - 12, found.index + 30) : ''
    expect(about).toBe('')
    expect(report.length).toBeGreaterThan(3500)
  })
})
