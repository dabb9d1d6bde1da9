import { describe, expect, it } from '@jest/globals'
import { BUILT_IN_PROFILES, loadProfile } from '../../src/deidentify/rules/profile.js'
import { conformanceStatement } from '../../src/deidentify/rules/statement.js'
import { OPTIONS } from '../../src/deidentify/rules/options.js'
import { file, itemsOf, topLevel, valueOf, type Written } from './_build.js'
import { contextFor, run } from './_run.js'

const under = (...options: string[]) =>
  contextFor('pseudonymize', { profile: { ...BUILT_IN_PROFILES.pseudonymize, options } })
const shiftedBy = (shiftSeconds: number) =>
  contextFor('pseudonymize', {
    pseudonymOf: () => Promise.resolve({ code: 'A1', shiftSeconds }),
  })
const bytesOf = async (more: readonly Written[], ...options: string[]) =>
  (await run(file(more), under(...options))).bytes

describe('an option of Annex E', () => {
  const inHeader = OPTIONS.filter(({ column }) => column !== '')

  it.each(inHeader)('$code is selectable by its name and marked by its code', async (option) => {
    const { code, meaning } = option
    const text = `name: mine\nversion: '1'\nlinks: facility\noptions: [{ code: '${code}', name: ${meaning} }]\n`
    const { profile, problems } = loadProfile(text, 'mine')
    expect(problems).toEqual([])
    const { bytes } = await run(file(), under(...(profile?.options ?? [])))
    const sequence = bytes.subarray(bytes.indexOf(Buffer.from('1200640053510000', 'hex')))
    expect(sequence.toString('latin1')).toContain(`${code}\b\0\x02\x01SH\x04\0DCM `)
    expect(conformanceStatement({ ...BUILT_IN_PROFILES.strip, options: [code] })).toContain(
      `- ${code} ${meaning}`,
    )
  })

  const load = (more: string) =>
    loadProfile(`name: mine\nversion: '1'\nlinks: facility\n${more}`, 'mine')
  const CLEAN = "options: [{ code: '113101', name: Clean Pixel Data Option }]\n"

  it('113101 and `pixels: blank` are equivalent', () => {
    const byOption = load(CLEAN).profile
    expect(byOption).toMatchObject({ pixels: 'blank', options: ['113101'] })
    expect(load('pixels: blank\noptions: []\n').profile).toEqual(byOption)
    expect(load(`pixels: blank\n${CLEAN}`).profile).toEqual(byOption)
    expect(load('options: []\n').profile).toMatchObject({ pixels: 'quarantine', options: [] })
  })

  it.each(['pass', 'quarantine'])('113101 is refused together with `pixels: %s`', (pixels) => {
    expect(load(`pixels: ${pixels}\n${CLEAN}`).problems).toMatchObject([
      { path: 'pixels', hint: 'write blank, or leave option 113101 out' },
    ])
  })

  it('113110 keeps UIDs, including nested and unlisted ones', async () => {
    const more: Written[] = [
      [0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2.3.9']]] }],
      [0x00200242, 'UI', '1.2.3.77'],
    ]
    const { bytes, facts } = await run(file(more), under('113110'))
    expect(facts.sopInstanceUID).toBe('1.2.3.4.5')
    expect(bytes.includes('1.2.3.9')).toBe(true)
    expect(valueOf(bytes, 0x00200242)).toBe('1.2.3.77')
    expect(valueOf(bytes, 0x00100020)).toBe('N0CTURNEC0DE')
  })

  it('113112 keeps the institution, but none of its people', async () => {
    const more: Written[] = [
      [0x00080080, 'LO', 'General Hospital'],
      [0x00081040, 'LO', 'Radiology of Smithson'],
    ]
    const bytes = await bytesOf(more, '113112')
    expect(valueOf(bytes, 0x00080080)).toBe('General Hospital')
    expect(bytes.toString('latin1')).not.toMatch(/smithson/i)
    expect(valueOf(await bytesOf(more), 0x00080080)).not.toBe('General Hospital')
  })

  it('113106 keeps dates as they are, but not the birth date', async () => {
    const bytes = await bytesOf([[0x00189919, 'DT', '20240101120000']], '113106')
    expect(valueOf(bytes, 0x00080020)).toBe('20240229')
    expect(valueOf(bytes, 0x00189919)).toBe('20240101120000')
    expect(valueOf(bytes, 0x00100030)).toBe('')
    expect(valueOf(bytes, 0x00280303)).toBe('UNMODIFIED')
  })

  it('113103 keeps graphics, and removes a text if any part of it must be removed', async () => {
    const graphics: Written = [
      0x00700001,
      'SQ',
      {
        items: [
          [
            [
              0x00700008,
              'SQ',
              {
                items: [
                  [
                    [0x00700006, 'ST', 'lesion of Smithson'],
                    [0x00700014, 'FL', Buffer.from('0000004000000040', 'hex')],
                  ],
                  [
                    [0x00700006, 'ST', 'lesion'],
                    [0x00700014, 'FL', Buffer.from('0000803f00000040', 'hex')],
                  ],
                ],
              },
            ],
          ],
        ],
      },
    ]
    const text = (await bytesOf([graphics], '113103')).toString('latin1')
    expect(text).toContain('lesion')
    expect(text).toContain('\0\0\x80\x3f\0\0\0\x40')
    expect(text).not.toContain('\0\0\0\x40\0\0\0\x40')
    expect(text).not.toContain('[...]')
    expect(text).not.toMatch(/smithson/i)
  })

  it('113104 cleans structured content by the type of its values', async () => {
    const entry = (type: string, ...value: Written[]): Written[] => [
      [0x0040a040, 'CS', type],
      ...value,
    ]
    const tree: Written = [
      0x0040a730,
      'SQ',
      {
        items: [
          entry('TEXT', [0x0040a160, 'UT', 'Left lung nodule. Told Dr. Meier']),
          entry('PNAME', [0x0040a123, 'PN', 'MEIER^EVA']),
          entry('DATE', [0x0040a121, 'DA', '20240229']),
          entry('TIME', [0x0040a122, 'TM', '120000']),
          entry('DATETIME', [0x0040a120, 'DT', '20240229120000']),
          entry('UIDREF', [0x0040a124, 'UI', '1.2.3.4']),
          entry('NUM', [0x0040a300, 'SQ', { items: [[[0x0040a30a, 'DS', '12.5']]] }]),
          entry('CONTAINER', [
            0x0040a730,
            'SQ',
            { items: [entry('TEXT', [0x0040a160, 'UT', 'MRN0012345'])] },
          ]),
        ],
      },
    ]
    const { bytes, facts, report } = await run(file([tree]), under('113104', '113107'))
    const text = bytes.toString('latin1')
    expect(text).toContain('Left lung nodule. [...]')
    expect(text).not.toMatch(/meier|MRN0012345/i)
    expect(text).toContain('20231121120000')
    expect(text).toContain(facts.studyInstanceUID)
    expect(text).toContain('12.5')
    const actions = new Map(report.map(({ path, action }) => [path, action]))
    expect(actions.get('0040A730[0].0040A160')).toBe('cleaned')
    expect(actions.get('0040A730[1].0040A123')).toBe('replaced')
    expect(actions.get('0040A730[2].0040A121')).toBe('shifted')
    expect(actions.get('0040A730[4].0040A120')).toBe('shifted')
    expect(actions.get('0040A730[5].0040A124')).toBe('remapped')
    expect(actions.has('0040A730[6].0040A300')).toBe(false)
    expect(actions.get('0040A730[7].0040A730[0].0040A160')).toBe('replaced')
  })
})

describe('content items that describe the subject', () => {
  const code = (value: string, meaning: string): Written[] => [
    [0x00080100, 'SH', value],
    [0x00080102, 'SH', 'DCM'],
    [0x00080104, 'LO', meaning],
  ]
  const entry = (name: string, type: string, value: Written): Written[] => [
    [0x0040a040, 'CS', type],
    [0x0040a043, 'SQ', { items: [code(name, 'Concept')] }],
    value,
  ]
  const age: Written = [0x0040a300, 'SQ', { items: [[[0x0040a30a, 'DS', '53']]] }]
  const sex: Written = [0x0040a168, 'SQ', { items: [code('F', 'Female')] }]
  const report: Written = [
    0x0040a730,
    'SQ',
    {
      items: [
        entry('121031', 'DATE', [0x0040a121, 'DA', '19700322']),
        entry('121032', 'CODE', sex),
        entry('121033', 'NUM', age),
        entry('121071', 'DATE', [0x0040a121, 'DA', '19700321']),
        entry('121071', 'CODE', sex),
        entry('121071', 'NUM', age),
      ],
    },
  ]
  const itemsUnder = async (...options: string[]) => {
    const { bytes } = await run(file([report]), under(...options))
    return itemsOf(topLevel(bytes).get(0x0040a730) ?? Buffer.alloc(0))
  }
  const textIn = (item: Map<number, Buffer> | undefined, tag: number): string | undefined =>
    item?.get(tag)?.toString('latin1')

  it('lose the birth date always, and sex and age without 113108', async () => {
    for (const options of [['113104', '113107'], ['113104', '113106'], []]) {
      const [birth, hidden, number, told, other, measured] = await itemsUnder(...options)
      expect(textIn(birth, 0x0040a121)).toBe('19000101')
      expect(textIn(told, 0x0040a121)).toBe('19000101')
      expect(textIn(hidden, 0x0040a168)).not.toContain('Female')
      expect(textIn(hidden, 0x0040a043)).toContain('121032')
      expect(textIn(number, 0x0040a300)).toBe('')
      expect(textIn(other, 0x0040a168)).toContain('Female')
      expect(textIn(measured, 0x0040a300)).toContain('53')
    }
  })

  it('keep sex and age under 113108', async () => {
    const [birth, hidden, number] = await itemsUnder('113104', '113107', '113108')
    expect(textIn(birth, 0x0040a121)).toBe('19000101')
    expect(textIn(hidden, 0x0040a168)).toContain('Female')
    expect(textIn(number, 0x0040a300)).toContain('53')
  })
})

describe('113111, safe private elements', () => {
  const philips = 'Philips PET Private Group'
  const factor = (value: string, tag = 0x70531000, vr = 'DS'): Written => [tag, vr, value]

  it('stay with the creators of their blocks, several in one group', async () => {
    const bytes = await bytesOf(
      [
        [0x70530010, 'LO', 'SOMEBODY ELSE'],
        [0x70530012, 'LO', philips],
        [0x70530013, 'LO', philips],
        factor('7.7', 0x70531000),
        factor('0.000587', 0x70531200),
        factor('12.5', 0x70531309),
        [0x70531201, 'LO', 'of Smithson'],
      ],
      '113111',
    )
    expect(valueOf(bytes, 0x70530012)).toBe(philips)
    expect(valueOf(bytes, 0x70531200)).toBe('0.000587')
    expect(valueOf(bytes, 0x70530013)).toBe(philips)
    expect(valueOf(bytes, 0x70531309)).toBe('12.5')
    for (const gone of [0x70530010, 0x70531000, 0x70531201])
      expect(valueOf(bytes, gone)).toBeUndefined()
  })

  it.each<[string, Written[]]>([
    ['under another creator', [[0x70530010, 'LO', 'Philips'], factor('1')]],
    ['without a creator', [factor('1')]],
    ['with another VR', [[0x70530010, 'LO', philips], factor('1', 0x70531000, 'LO')]],
    ['with a value that is not a number', [[0x70530010, 'LO', philips], factor('Smithson')]],
    ['with too many values', [[0x70530010, 'LO', philips], factor('1\\2')]],
    [
      'with an identifier',
      [[0x70530010, 'LO', philips], [0x00100020, 'LO', '88123'], factor('88123')],
    ],
  ])('go, creator and all, %s', async (_, more) => {
    const bytes = await bytesOf(more, '113111')
    expect(valueOf(bytes, 0x70531000)).toBeUndefined()
    expect(valueOf(bytes, 0x70530010)).toBeUndefined()
  })

  it('are removed without the option', async () => {
    const bytes = await bytesOf([[0x70530010, 'LO', philips], factor('1')])
    expect(valueOf(bytes, 0x70531000)).toBeUndefined()
  })
})

describe('dates and times', () => {
  it('are shifted as one instant across midnight, each date with its time', async () => {
    const { bytes } = await run(
      file([
        [0x00080020, 'DA', '20240229'],
        [0x00080030, 'TM', '235959'],
        [0x00080021, 'DA', '20240229'],
        [0x00080031, 'TM', '000001'],
        [0x0008002a, 'DT', '20240229235959.5'],
      ]),
      shiftedBy(2),
    )
    expect([valueOf(bytes, 0x00080020), valueOf(bytes, 0x00080030)]).toEqual(['20240301', '000001'])
    expect([valueOf(bytes, 0x00080021), valueOf(bytes, 0x00080031)]).toEqual(['20240229', '000003'])
    expect(valueOf(bytes, 0x0008002a)).toBe('20240301000001.5')
  })
})

describe('a UID to which two instances refer', () => {
  const referring = (tag: number): Written => [
    tag,
    'SQ',
    { items: [[[0x00081155, 'UI', '1.2.9']]] },
  ]
  const uidIn = async (more: Written[], secret: Buffer, transfer: string) => {
    const { bytes } = await run(file(more), contextFor('pseudonymize', { secret, transfer }))
    return /2\.25\.\d+/.exec(
      bytes.toString('latin1', bytes.indexOf('UI', bytes.indexOf(Buffer.from('08005511', 'hex')))),
    )?.[0]
  }

  it('is the same across transfers and modalities, and different at another facility', async () => {
    const ours = Buffer.alloc(32, 1)
    const first = await uidIn([referring(0x00081140)], ours, 'january')
    const later = [referring(0x00081115), [0x00080060, 'CS', 'MR'] as const]
    expect(first).toMatch(/^2\.25\.\d{30,39}$/)
    expect(await uidIn(later, ours, 'june')).toBe(first)
    expect(await uidIn(later, Buffer.alloc(32, 2), 'june')).not.toBe(first)
    const itself = await run(
      file([[0x00080018, 'UI', '1.2.9']]),
      contextFor('pseudonymize', { secret: ours }),
    )
    expect(itself.facts.sopInstanceUID).toBe(first)
  })
})

describe('the conformance statement', () => {
  it('states what the profile does to the attributes of the table', () => {
    const strip = conformanceStatement(BUILT_IN_PROFILES.strip)
    expect(strip).toMatch(/### Emptied[^#]*PatientBirthDate \(0010,0030\)/)
    expect(strip).toMatch(/### Replaced by the random code[^#]*PatientName \(0010,0010\)/)
    expect(strip).toContain('only within a transfer')
    const statement = conformanceStatement(BUILT_IN_PROFILES.pseudonymize)
    expect(statement).toMatch(/### Shifted[^#]*StudyDate \(0008,0020\) \[113107\]/)
    expect(statement).toMatch(/### Kept unless[^#]*PatientAge \(0010,1010\) \[113108\]/)
    expect(statement).toMatch(/### Cleaned[^#]*StudyDescription \(0008,1030\) \[113105\]/)
    expect(statement).toContain('(0028,0303): MODIFIED')
    expect(strip).toContain('are quarantined')
    expect(strip).toContain('19000101 (DA)')
    expect(strip).toContain('no original identity is kept')
    expect(strip).not.toContain('Each patient has one random shift')
    expect(statement).toContain('Each patient has one random shift')
    expect(statement).toContain('are blanked if a rule locates the text')
  })
})
