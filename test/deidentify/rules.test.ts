import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import dcmjs from 'dcmjs'
import { Budget } from '../../src/dicom/budget.js'
import { BUILT_IN_PROFILES, loadProfile } from '../../src/deidentify/rules/profile.js'
import { shiftDate, shiftDateTime, shiftTime } from '../../src/dicom/text/dates.js'
import { hex, vrOf } from '../../src/dicom/dictionary/dictionary.js'
import { EXPLICIT, type Element } from '../../src/dicom/elements/element.js'
import { expectAgreement } from '../../src/deidentify/agreement.js'
import { Pace } from '../../src/lib/pace.js'
import { readDataset } from '../../src/dicom/walk.js'
import { dataset, file, instance, valueOf, type Written } from './_build.js'
import { contextFor, finish, run, SECRET } from './_run.js'

describe('the two profiles', () => {
  it('load, and pseudonymize keeps what a radiologist needs', async () => {
    const input = file([
      [0x00081030, 'LO', 'CT CHEST W CONTRAST for Janette'],
      [0x00081070, 'PN', 'DOE^JOHN'],
      [0x00100040, 'CS', 'F'],
      [0x00101010, 'AS', '053Y'],
      [0x00101030, 'DS', '61.5'],
      [0x00181030, 'LO', 'Dr. Doe 555-1234 abdomen 5mm 12/03/1970'],
      [0x00181000, 'LO', 'SN-7741'],
      [0x00200037, 'DS', '1\\0\\0\\0\\6.123233995736766e-17\\-1'],
    ])
    const { bytes } = await run(input)
    expect(valueOf(bytes, 0x00081030)).toBe('CT CHEST W CONTRAST for [...]')
    expect(valueOf(bytes, 0x00181030)).toBe('[...] abdomen 5mm [...]')
    expect(valueOf(bytes, 0x00100040)).toBe('F')
    expect(valueOf(bytes, 0x00101010)).toBe('053Y')
    expect(valueOf(bytes, 0x00101030)).toBe('61.5')
    expect(valueOf(bytes, 0x00181000)).toBe('SN-7741')
    expect(valueOf(bytes, 0x00200037)).toBe('1\\0\\0\\0\\6.123233995736766e-17\\-1')
    expect(valueOf(bytes, 0x00080020)).toBe('20231121')
    expect(valueOf(bytes, 0x00080030)).toBe('235959')
    expect(valueOf(bytes, 0x00100030)).toBe('')
    expect(valueOf(bytes, 0x00280303)).toBe('MODIFIED')
    expect(valueOf(bytes, 0x00120063)).toBe('Nocturne pseudonymize 3')

    const stripped = await run(input, contextFor('strip'))
    expect(valueOf(stripped.bytes, 0x00081030)).toBeUndefined()
    expect(valueOf(stripped.bytes, 0x00101010)).toBeUndefined()
    expect(valueOf(stripped.bytes, 0x00080020)).toBe('')
    expect(valueOf(stripped.bytes, 0x00181000)).toBe('ANONYMIZED')
    expect(valueOf(stripped.bytes, 0x00280303)).toBe('REMOVED')
  })

  it('report every change with path, reason and option, and no value', async () => {
    const { report } = await run(
      file([
        [0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2.3.9']]] }],
        [0x00091001, 'UN', Buffer.from('secret')],
      ]),
    )
    expect(report).toContainEqual(
      expect.objectContaining({
        path: '00081140[0].00081155',
        action: 'remapped',
        reason: 'E.1-1',
      }),
    )
    expect(report).toContainEqual(
      expect.objectContaining({ path: '00091001', action: 'removed', reason: 'private' }),
    )
    expect(report).toContainEqual(
      expect.objectContaining({
        path: '00080020',
        action: 'shifted',
        reason: 'E.1-1',
        option: '113107',
      }),
    )
    expect(JSON.stringify(report)).not.toMatch(/SMITHSON|secret|1\.2\.3/)
  })

  it('report every error in a profile with its path and a hint', () => {
    const { problems } = loadProfile(
      "name: Mine\nlinks: nowhere\npixels: maybe\nextra: 1\noptions:\n  - { code: '113107', name: Wrong }\n  - { code: 113105, name: x }\n  - { code: '113101', name: Clean Pixel Data Option }\n",
      'mine',
    )
    expect(problems.map(({ path }) => path).sort()).toEqual(
      ['extra', 'links', 'name', 'options[0].name', 'options[1].code', 'pixels', 'version'].sort(),
    )
    expect(problems.every(({ hint }) => hint.length > 0)).toBe(true)
    expect(problems.find(({ path }) => path === 'extra')).toMatchObject({ line: 4 })
    expect(loadProfile(': : :', 'x').problems).toHaveLength(1)
  })
})

describe('an attribute that the table does not list', () => {
  const unlisted: Written[] = [
    [0x00189919, 'DT', '20240101120000'],
    [0x00081190, 'UR', 'http://pacs.example/SMITHSON'],
    [0x00080070, 'LO', 'Maker'],
    [0x00200242, 'UI', '1.2.3.77'],
    [0x300e0008, 'PN', 'SMITHSON^JANE'],
    [0x00181020, 'LO', 'made for Smithson abdomen'],
    [0x0020930c, 'UI', '1.2.840.10008.1.4.1.1'],
  ]
  it('is decided by its VR', async () => {
    const { bytes } = await run(file(unlisted))
    expect(valueOf(bytes, 0x00200242)).toMatch(/^2\.25\.\d+$/)
    expect(valueOf(bytes, 0x00081190)).toBeUndefined()
    expect(valueOf(bytes, 0x300e0008)).toBe('')
    expect(valueOf(bytes, 0x00181020)).toBe('made for [...] abdomen')
    expect(valueOf(bytes, 0x00080070)).toBe('Maker')
  })

  it('follows the stricter of the VR in the file and the VR in the dictionary', async () => {
    const { bytes } = await run(
      file([
        [0x00080123, 'PN', 'DOE^JOHN'],
        [0x00081115, 'LO', 'DOE^JOHN'],
        [0x300e0008, 'LO', 'nobody'],
      ]),
    )
    expect(bytes.includes('DOE')).toBe(false)
    expect(bytes.includes('nobody')).toBe(false)
  })

  it('is removed if PS3.6 does not list it either', async () => {
    const { bytes } = await run(file([[0x00084321, 'LO', 'anything']]))
    expect(bytes.includes('anything')).toBe(false)
  })

  it('is removed if it is an overlay, a curve or a group length', async () => {
    const { bytes } = await run(
      file([
        [0x00080000, 'UL', Buffer.alloc(4)],
        [0x50000022, 'LO', 'curve of S'],
        [0x60000022, 'LO', 'overlay of S'],
        [0x60000010, 'US', Buffer.alloc(2)],
        [0x60003000, 'OW', Buffer.alloc(2)],
      ]),
    )
    expect(bytes.toString('latin1')).not.toMatch(/curve of|overlay of/)
    expect(valueOf(bytes, 0x60000010)).toBeUndefined()
    expect(valueOf(bytes, 0x00080000)).toBeUndefined()
  })
})

describe('UIDs', () => {
  const uidOf = async (secret: Buffer, transfer: string, profile: 'strip' | 'pseudonymize') =>
    (await run(file(), contextFor(profile, { secret, transfer }))).facts.studyInstanceUID

  it('are the same within a facility, and differ for another one and, under strip, for another transfer', async () => {
    const first = await uidOf(SECRET, 'a', 'pseudonymize')
    expect(first).toMatch(/^2\.25\.[1-9]\d{30,38}$/)
    expect(await uidOf(SECRET, 'b', 'pseudonymize')).toBe(first)
    expect(await uidOf(Buffer.alloc(32, 8), 'a', 'pseudonymize')).not.toBe(first)
    expect(await uidOf(SECRET, 'a', 'strip')).not.toBe(await uidOf(SECRET, 'b', 'strip'))
  })

  it('are mapped value by value, and classes are kept', async () => {
    const { bytes } = await run(
      file([
        [0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.4'],
        [0x00080058, 'UI', '1.2.3.4\\1.2.3.4.1'],
      ]),
    )
    const { facts } = await run(file())
    expect(valueOf(bytes, 0x00080058)).toBe(`${facts.studyInstanceUID}\\${facts.seriesInstanceUID}`)
    expect(valueOf(bytes, 0x00081150)).toBe('1.2.840.10008.5.1.4.1.1.4')
  })
})

describe('the patient', () => {
  const handles = async (more: readonly Written[]) => {
    const seen: string[] = []
    const { facts } = await run(
      file(more),
      contextFor('pseudonymize', {
        pseudonymOf: (handle) => {
          seen.push(handle)
          return Promise.resolve({ code: 'A1', shiftSeconds: 0 })
        },
      }),
    )
    return { handle: seen[0], patient: facts.patient }
  }

  it('is identified by ID and issuer, without them by name and birth date, otherwise only by the study', async () => {
    const byId = await handles([])
    expect(byId.handle).toMatch(/^[0-9a-f]{64}$/)
    expect(byId.patient).toBe(byId.handle)
    expect((await handles([[0x00100010, 'PN', 'OTHER^NAME']])).handle).toBe(byId.handle)
    expect((await handles([[0x00100021, 'LO', 'ELSEWHERE']])).handle).not.toBe(byId.handle)
    const byName = await handles([[0x00100020, 'LO', '']])
    expect(byName.handle).not.toBe(byId.handle)
    expect(byName.patient).toBe(byName.handle)
    const unnamed: Written[] = [
      [0x00100020, 'LO', ''],
      [0x00100010, 'PN', ''],
    ]
    const byStudy = await handles(unnamed)
    expect(byStudy.patient).toBeUndefined()
    expect((await handles([...unnamed, [0x0020000d, 'UI', '1.2.9']])).handle).not.toBe(
      byStudy.handle,
    )
  })

  it('is written to the crosswalk as text in its own character set', async () => {
    const { wayBack } = await run(
      file([
        [0x00080005, 'CS', '\\ISO 2022 IR 87'],
        [0x00100010, 'PN', Buffer.from('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1')],
      ]),
    )
    expect(wayBack?.identity.patientName).toBe('Yamada^Tarou=山田^太郎')
  })
})

describe('an identifier of the source', () => {
  it.each<[string, Written]>([
    ['in free text', [0x00181020, 'LO', 'x Smithson y']],
    ['in a code string', [0x00080008, 'CS', 'ORIGINAL\\SMITHSON']],
    ['without separators', [0x00181020, 'LO', 'SMITHSONJANETTE']],
    ['as a number without zeros', [0x00181020, 'LO', 'no MRN0012345']],
    ['as a birth date', [0x00181020, 'LO', 'born 21.03.1970']],
    ['in bytes', [0x00282000, 'OB', Buffer.from('xx smithson xx')]],
    ['in a number', [0x00181318, 'DS', 'SMITHSON']],
    ['as a number', [0x00200011, 'IS', '0019700321']],
    ['as one number of many', [0x00181318, 'DS', '1.5\\19700321.0']],
  ])('does not leave %s', async (_, element) => {
    const { bytes } = await run(file([element]))
    expect(bytes.toString('latin1')).not.toMatch(/smithson|0012345|21\.03\.1970|19700321/i)
  })

  it('is removed as a number in a long value', async () => {
    const contour = `${'1.5\\'.repeat(40_000)}19700321\\${'1.5\\'.repeat(40_000)}2`
    const { bytes } = await run(file([[0x30060050, 'DS', contour]], 'implicit'))
    expect(bytes.includes('19700321')).toBe(false)
    const harmless = await run(
      file([[0x30060050, 'DS', contour.replace('970', '9700')]], 'implicit'),
    )
    expect(harmless.bytes.includes('197000321')).toBe(true)
  })

  it('does not affect longer numbers that contain its digits', async () => {
    const { bytes } = await run(file([[0x00181318, 'DS', '119700321\\0.19700321']]))
    expect(bytes.toString('latin1')).toContain('119700321\\0.19700321')
  })

  it('is removed with its whole value if cleaning would leave it', async () => {
    const { bytes } = await run(
      file([
        [0x00100020, 'LO', 'b1234'],
        [0x00181030, 'LO', 'dwi b1234'],
      ]),
    )
    expect(valueOf(bytes, 0x00181030)).toBe('ANONYMIZED')
  })
})

describe('the second reader', () => {
  const body = dataset(instance([[0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2']]] }]]))
  const pace = new Pace()
  const elements = finish(readDataset(body, EXPLICIT, new Budget(pace)))

  it('agrees with what the walker found', () => {
    expect(() => finish(expectAgreement(elements, body, EXPLICIT, pace))).not.toThrow()
  })

  it.each<[string, (element: Element) => Element]>([
    ['tag', (element) => ({ ...element, tag: element.tag + 1 })],
    ['VR', (element) => ({ ...element, vr: 'LT' })],
    ['items', (element) => ({ ...element, items: [] })],
  ])('disagrees over another %s', (what, change) => {
    const sequence = elements.findIndex(({ items }) => items !== undefined)
    const at = what === 'items' ? sequence : 0
    const told = elements.map((element, index) => (index === at ? change(element) : element))
    // The bytes are unchanged; only what the walker reports about them is wrong.
    expect(() => finish(expectAgreement(told, body, EXPLICIT, pace))).toThrow(
      expect.objectContaining({ code: 'output_disagrees' }),
    )
  })
})

describe('shifted dates', () => {
  const day = fc.date({
    min: new Date('1901-01-01'),
    max: new Date('2099-12-31'),
    noInvalidDate: true,
  })
  const text = (date: Date) => date.toISOString().slice(0, 10).replaceAll('-', '')

  it('keep intervals to the day', () => {
    fc.assert(
      fc.property(day, day, fc.integer({ min: -4000, max: 4000 }), (a, b, days) => {
        const moved = [a, b].map((date) => shiftDate(text(date), '', days * 86400) ?? '')
        const at = (value: string) =>
          Date.parse(`${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6)}`)
        expect(at(moved[0]!) - at(moved[1]!)).toBe(at(text(a).slice(0)) - at(text(b)))
      }),
    )
  })

  it('shift date and time as one instant across midnight', () => {
    expect(shiftDate('20240229', '235959', 1)).toBe('20240301')
    expect(shiftTime('235959', 1)).toBe('000000')
    expect(shiftTime('2359', 60)).toBe('0000')
    expect(shiftDateTime('20240229235959.25+0100', 1)).toBe('20240301000000.25+0100')
    expect(shiftDateTime('20240229', -86400)).toBe('20240228')
  })

  it.each(['2024', '202402', '20240230', '20240101-20240201', 'TODAY', '2024-01-01'])(
    'refuse %s',
    (value) => {
      expect(shiftDate(value, '', 86400)).toBeUndefined()
      expect(shiftDateTime(value, 86400)).toBeUndefined()
    },
  )

  it('accept the old format with full stops', () => {
    expect(shiftDate('2024.02.29', '', 86400)).toBe('20240301')
    expect(shiftTime('12:30:00', 86400)).toBe('12:30:00')
  })
})

describe('the dictionary', () => {
  it('agrees with that of dcmjs on the VR of every attribute in both', () => {
    const { dictionary } = dcmjs.data.DicomMetaDictionary
    const odd = ['xs', 'ox', 'lt', 'up', 'na', 'UN']
    const tags = Array.from({ length: 0x10000 }, (_, index) => [
      0x00080000 + index,
      0x00180000 + index,
      0x00200000 + index,
      0x00280000 + index,
    ]).flat()
    const differing = tags.filter((tag) => {
      const ours = vrOf(tag)
      const name = hex(tag)
      const theirs = dictionary[`(${name.slice(0, 4)},${name.slice(4)})`]?.vr
      return ours && theirs && !odd.includes(theirs) && theirs !== ours
    })
    expect(differing.map(hex)).toEqual([])
  })

  it('lists the options that the profiles use', () => {
    expect(BUILT_IN_PROFILES.strip.options).toEqual([])
    expect(BUILT_IN_PROFILES.pseudonymize.options).toEqual([
      '113101',
      '113107',
      '113108',
      '113109',
      '113105',
      '113111',
    ])
  })
})
