/**
 * Identifiers of a patient or a site in attributes about something else, and what is kept for
 * readers nevertheless.
 */
import { describe, expect, it } from '@jest/globals'
import { loadProfile } from '../../src/deidentify/rules/profile.js'
import { elementsOf, file, itemsOf, topLevel, valueOf, type Written } from './_build.js'
import { contextFor, run } from './_run.js'

const textOf = (value: Buffer | undefined): string | undefined =>
  value?.toString('latin1').replace(/[\0 ]+$/, '')

describe.each(['pseudonymize', 'strip'] as const)('under %s', (profile) => {
  const outputOf = async (...more: Written[]) => (await run(file(more), contextFor(profile))).bytes

  const codeIn = async (...code: Written[]) => {
    const sequence: Written = [0x00081032, 'SQ', { items: [code] }]
    const value = topLevel(await outputOf(sequence)).get(0x00081032)
    return (tag: number) => textOf(itemsOf(value ?? Buffer.alloc(0))[0]?.get(tag))
  }

  it('the texts of a code defined by a site are cleaned', async () => {
    const read = await codeIn(
      [0x00080100, 'SH', 'ZIMM1'],
      [0x00080102, 'SH', 'STMARYSHOSP'],
      [0x00080104, 'LO', 'CT ABD per Dr Zimmermann'],
    )
    expect(read(0x00080100)).toBe('ANONYMIZED')
    expect(read(0x00080102)).toBe('99ANONYMIZED')
    expect(read(0x00080104)).toBe('CT ABD [...]')
  })

  it('a code of a registered scheme is kept, and so is one for a language', async () => {
    const head = await codeIn(
      [0x00080100, 'SH', '69536005'],
      [0x00080102, 'SH', 'SCT'],
      [0x00080104, 'LO', 'Head'],
    )
    expect(head(0x00080104)).toBe('Head')
    const german = await codeIn(
      [0x00080100, 'SH', 'deu'],
      [0x00080102, 'SH', 'ISO639_2'],
      [0x00080104, 'LO', 'German'],
    )
    expect(german(0x00080100)).toBe('deu')
  })

  it('a station or a coil named after the institution is cleaned', async () => {
    const output = await outputOf(
      [0x00080080, 'LO', 'Klinikum Waldbergen'],
      [0x00081010, 'SH', 'Klinikum Waldber'],
      [0x00181250, 'SH', 'Waldbergen body'],
      [0x00081090, 'LO', 'Scanner 3000'],
    )
    expect(output.toString('latin1')).not.toMatch(/waldb/i)
    expect(valueOf(output, 0x00081090)).toBe('Scanner 3000')
  })

  it('a word of the patient or the institution is found with digits before or after it', async () => {
    const output = await outputOf(
      [0x00080080, 'LO', 'UKE Nord'],
      [0x00081010, 'SH', 'KNEE1'],
      [0x00100020, 'LO', 'KNEE'],
      [0x00181030, 'LO', '2KNEE_3 axial'],
      [0x00181250, 'SH', 'UKE2'],
      [0x00181260, 'SH', '12BODY'],
    )
    expect(output.toString('latin1')).not.toMatch(/knee|uke/i)
    expect(valueOf(output, 0x00181260)).toBe('12BODY')
  })

  // Names that the word lists of each language contain.
  it.each(['KOPF^HÜFTE', 'TÊTE^DROITE', 'CABEZA^SIN', 'TESTA^NON', 'HOOFD^GEEN', 'SEM^CORAÇÃO'])(
    'a patient called %s is found nowhere',
    async (name) => {
      const words = name.split('^')
      const text = `CT ${words[1]} axial, ${words[0]} 1.0 and ${words[0]}2`
      const output = await outputOf(
        [0x00080005, 'CS', 'ISO_IR 100'],
        [0x00081030, 'LO', Buffer.from(text, 'latin1')],
        [0x00100010, 'PN', Buffer.from(name, 'latin1')],
        [0x00180015, 'CS', words[0]?.normalize('NFKD').replace(/\p{M}/gu, '') ?? ''],
        [0x00204000, 'LT', Buffer.from(`${words[0]} of the patient. No fracture.`, 'latin1')],
      )
      for (const word of words)
        expect(output.toString('latin1').toUpperCase()).not.toMatch(
          new RegExp(`(?<!\\p{L})${word}(?!\\p{L})`, 'u'),
        )
    },
  )

  it('a time or a number that equals the patient’s number is removed', async () => {
    const output = await outputOf(
      [0x00100020, 'LO', '114500'],
      [0x00080031, 'TM', '114500'],
      [0x00181152, 'IS', '114500'],
      [0x00200011, 'IS', '4'],
    )
    expect(output.toString('latin1')).not.toContain('114500')
    expect(valueOf(output, 0x00200011)).toBe('4')
  })

  it('a patient called HEAD^HIP with ID KNEE is removed from every text and body part', async () => {
    const output = await outputOf(
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
      [0x00081030, 'LO', 'CT HEAD AND HIP'],
      [0x00081032, 'SQ', { items: [[[0x00080104, 'LO', 'Head']]] }],
      [0x00100010, 'PN', 'HEAD^HIP'],
      [0x00100020, 'LO', 'KNEE'],
      [0x00180015, 'CS', 'KNEE'],
      [0x00181020, 'LO', 'head 1.0'],
    )
    expect(output.toString('latin1').replaceAll('HEADER', '')).not.toMatch(/\b(?:head|hip|knee)\b/i)
    expect(valueOf(output, 0x00080008)).toBe('ORIGINAL\\PRIMARY\\AXIAL')
  })

  it('a patient called CT does not affect the modality', async () => {
    const output = await outputOf([0x00100010, 'PN', 'CT^PHANTOM'], [0x00081030, 'LO', 'CT CHEST'])
    expect(valueOf(output, 0x00080060)).toBe('CT')
  })

  it('a patient called Anonymized does not cause a quarantine', async () => {
    const output = await outputOf(
      [0x00100010, 'PN', 'Anonymized'],
      [0x00081010, 'SH', 'Smithson'],
      [0x00181000, 'LO', '4131101'],
    )
    expect(valueOf(output, 0x00080060)).toBe('CT')
  })

  it('an identifier of ordinary words neither quarantines the file nor removes these words', async () => {
    const request: Written = [0x00400275, 'SQ', { items: [[[0x00401001, 'SH', 'CT CHEST']]] }]
    const output = await outputOf(request, [0x00181020, 'LO', 'CT CHEST 1.0'])
    expect(valueOf(output, 0x00181020)).toBe('CT CHEST 1.0')
  })

  it('a text that must be removed is not drawn on an image', async () => {
    const drawn = (text: string): Written[] => [
      [0x00700006, 'ST', text],
      [0x00700014, 'FL', Buffer.alloc(8)],
    ]
    const output = await outputOf([
      0x00700001,
      'SQ',
      {
        items: [
          [[0x00700008, 'SQ', { items: [drawn('12.7 mm'), drawn('Smithson')] }]],
          [[0x00700008, 'SQ', { items: [drawn('of Smithson')] }]],
        ],
      },
    ])
    const text = output.toString('latin1')
    expect(text).not.toMatch(/ANONYMIZED|\[\.\.\.\]|smithson/i)
    expect(text.includes('12.7 mm')).toBe(profile === 'pseudonymize')
  })

  it('a layer or label that names the patient gets another name, as it must have one', async () => {
    const output = await outputOf(
      [0x00700060, 'SQ', { items: [[[0x00700002, 'CS', 'SMITHSON']]] }],
      [0x00700080, 'CS', 'SMITHSON'],
    )
    expect(valueOf(output, 0x00700080)).toBe('ANONYMIZED')
    expect(output.toString('latin1').match(/ANONYMIZED/g)).toHaveLength(2)
  })

  it('presentation states keep a creation date and time, and animals an empty responsible person', async () => {
    const output = await outputOf(
      [0x00102297, 'PN', 'SMITHSON^JANETTE'],
      [0x00102298, 'CS', 'OWNER'],
      [0x00102299, 'LO', 'Smithson Stables'],
      [0x00700082, 'DA', '20240310'],
      [0x00700083, 'TM', '040000'],
    )
    expect(valueOf(output, 0x00102297)).toBe('')
    expect(valueOf(output, 0x00102298)).toBeUndefined()
    expect(valueOf(output, 0x00102299)).toBe('')
    expect(valueOf(output, 0x00700082)).toMatch(/^\d{8}$/)
    expect(valueOf(output, 0x00700083)).toMatch(/^\d{6}$/)
  })
})

describe('a device number', () => {
  const device: readonly Written[] = [
    [0x00181000, 'LO', 'L03-02246'],
    [0x00187006, 'LT', 'SN=L03-02246;ctx=x'],
  ]

  it('is an identifier unless the profile retains it', async () => {
    const { bytes } = await run(file(device), contextFor('strip'))
    expect(bytes.toString('latin1')).not.toContain('02246')
  })

  it('is not an identifier if the profile retains it', async () => {
    const { bytes } = await run(file(device))
    expect(valueOf(bytes, 0x00181000)).toBe('L03-02246')
  })
})

describe('the age', () => {
  const born = (birth: string, day = '20240310'): Written[] => [
    [0x00080020, 'DA', day],
    [0x00100030, 'DA', birth],
  ]
  const ageOf = async (more: readonly Written[], context = contextFor()) =>
    valueOf((await run(file(more), context)).bytes, 0x00101010)

  it.each([
    ['19510203', '073Y'],
    ['20240301', '009D'],
    ['20230901', '006M'],
    ['19240311', '099Y'],
    ['20240311', undefined],
    ['1951', undefined],
  ])('of somebody born on %s is %s', async (birth, age) => {
    expect(await ageOf(born(birth))).toBe(age)
  })

  it('is kept as in the file, and by no other profile', async () => {
    expect(await ageOf([...born('19510203'), [0x00101010, 'AS', '072Y']])).toBe('072Y')
    expect(await ageOf(born('19510203'), contextFor('strip'))).toBeUndefined()
  })

  it('is 90 for anyone older under ages: cap-90', async () => {
    const { profile } = loadProfile(
      "name: capped\nversion: '1'\nlinks: facility\nages: cap-90\noptions: [{ code: '113108', name: Retain Patient Characteristics Option }]\n",
      'capped',
    )
    if (!profile) throw new Error('the profile has a mistake')
    const context = contextFor('pseudonymize', { profile })
    expect(await ageOf(born('19240311'), context)).toBe('090Y')
    expect(await ageOf([...born('19510203'), [0x00101010, 'AS', '097Y']], context)).toBe('090Y')
    expect(await ageOf(born('19510203'), context)).toBe('073Y')
  })
})

describe('languages of a profile', () => {
  it('determine which words are kept', async () => {
    const { profile } = loadProfile(
      "name: english\nversion: '1'\nlinks: facility\nlanguages: [en]\noptions: [{ code: '113105', name: Clean Descriptors Option }]\n",
      'english',
    )
    if (!profile) throw new Error('the profile has a mistake')
    const text: Written = [0x00081030, 'LO', 'CT Leber']
    const { bytes } = await run(file([text]), contextFor('pseudonymize', { profile }))
    expect(valueOf(bytes, 0x00081030)).toBe('CT [...]')
    expect(valueOf((await run(file([text]))).bytes, 0x00081030)).toBe('CT Leber')
  })
})

describe('text with accents', () => {
  it.each([
    [
      'ISO_IR 100',
      Buffer.from('Schädel für Smithson', 'latin1'),
      Buffer.from('Schädel für', 'latin1'),
    ],
    ['ISO_IR 192', Buffer.from('Schädel für Smithson'), Buffer.from('Schädel für')],
    ['', Buffer.from('Schädel für Smithson'), Buffer.from('Schädel für')],
    ['ISO_IR 144', Buffer.from('head for Smithson'), Buffer.from('head for')],
  ])('stays in the bytes of %s', async (set, before, after) => {
    const more: Written[] = [[0x00081030, 'LO', before]]
    if (set !== '') more.push([0x00080005, 'CS', set])
    const left = elementsOf((await run(file(more))).bytes, 132).get(0x00081030)
    expect(left?.toString('latin1').trim()).toBe(`${after.toString('latin1')} [...]`)
  })
})
