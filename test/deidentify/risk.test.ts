import { describe, expect, it } from '@jest/globals'
import { loadPixelRules, riskOf } from '../../src/deidentify/rules/risk.js'
import { file, valueOf, type Written } from './_build.js'
import { codeOf, contextFor, run, withPixels } from './_run.js'

const PIXELS: Written = [0x7fe00010, 'OW', Buffer.alloc(1024)]
const IN_SPACE: Written = [0x00200037, 'DS', '1\\0\\0\\0\\1\\0']
const sopClass = (uid: string): Written => [0x00080016, 'UI', uid]
const modality = (value: string): Written => [0x00080060, 'CS', value]
const maker = (name: string): Written => [0x00080070, 'LO', name]
const PRIMARY: Written = [0x00080008, 'CS', 'ORIGINAL\\PRIMARY']
const SECONDARY: Written = [0x00080008, 'CS', 'DERIVED\\SECONDARY']
const ROWS_860: Written = [0x00280010, 'US', Buffer.from([0x5c, 0x03])]
const MAMMOGRAM = '1.2.840.10008.5.1.4.1.1.1.2'
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'

describe('an image', () => {
  it.each<[string, Written[]]>([
    ['a slice of CT', [IN_SPACE]],
    ['a slice of MR', [sopClass('1.2.840.10008.5.1.4.1.1.4'), modality('MR'), IN_SPACE]],
    ['an enhanced CT', [sopClass('1.2.840.10008.5.1.4.1.1.2.1')]],
    ['a segmentation', [sopClass('1.2.840.10008.5.1.4.1.1.66.4'), modality('SEG')]],
    ['a label map', [sopClass('1.2.840.10008.5.1.4.1.1.66.7'), modality('SEG')]],
    ['a mammogram', [sopClass(MAMMOGRAM), modality('MG'), PRIMARY]],
    ['an angiogram', [sopClass('1.2.840.10008.5.1.4.1.1.12.1'), modality('XA'), PRIMARY]],
  ])('passes as %s', async (_, more) => {
    const { facts } = await run(file([...more, PIXELS]))
    expect(facts.pixelsAtRisk).toBe(false)
  })

  it.each<[string, Written[]]>([
    ['declares it itself', [IN_SPACE, [0x00280301, 'CS', 'YES']]],
    ['says in lower case that it is safe', [modality('US'), [0x00280301, 'CS', 'NO']]],
    ['is a secondary capture', [sopClass(SECONDARY_CAPTURE), IN_SPACE]],
    ['is a multi-frame secondary capture', [sopClass(`${SECONDARY_CAPTURE}.4`), IN_SPACE]],
    ['is an ultrasound image', [modality('US')]],
    ['is a photograph', [modality('XC')]],
    ['is a projection', [modality('DX')]],
    ['came from a film scanner', [IN_SPACE, [0x00080064, 'CS', 'DF']]],
    ['is a dose screen', [IN_SPACE, [0x00080008, 'CS', 'DERIVED\\SECONDARY\\SCREEN SAVE']]],
    ['is a slice captured by a device', [IN_SPACE, [0x00181016, 'LO', 'Frame Grabber']]],
    ['is a slice with a date of capture', [IN_SPACE, [0x00181012, 'DA', '20240101']]],
    ['is a slice called a dose report', [IN_SPACE, [0x0008103e, 'LO', 'Dose Report 999']]],
    ['is a GE dose page', [IN_SPACE, maker('GE MEDICAL'), [0x00400310, 'ST', 'TotalDLP=1']]],
    ['is a Siemens page', [IN_SPACE, maker('SIEMENS'), SECONDARY, ROWS_860]],
    ['is a result page', [sopClass('1.2.840.10008.5.1.4.1.1.20'), modality('NM'), SECONDARY]],
    [
      'is a mammogram from an imaging plate',
      [sopClass(MAMMOGRAM), modality('MG'), PRIMARY, [0x00187004, 'CS', 'STORAGE']],
    ],
    [
      'is a mammogram of another class',
      [sopClass('1.2.840.10008.5.1.4.1.1.1'), modality('MG'), PRIMARY],
    ],
    ['is a slice of another class', [sopClass('1.2.840.10008.5.1.4.1.1.6.1'), IN_SPACE]],
    ['was digitized from film', [IN_SPACE, maker('LUMISYS')]],
    ['is a slice in colour', [IN_SPACE, [0x00280004, 'CS', 'RGB']]],
    ['has no position in space', [[0x00200037, 'DS', '']]],
    ['is of an unknown modality', [modality('ZZ'), IN_SPACE]],
    ['has no modality', [modality(''), IN_SPACE]],
  ])('is quarantined, or marked if the profile lets it pass, when it %s', async (_, more) => {
    const input = file([...more, PIXELS])
    expect(await codeOf(input, withPixels('quarantine'))).toBe('pixels_at_risk')
    expect(await codeOf(input, contextFor('strip'))).toBe('pixels_at_risk')
    expect(await codeOf(input, contextFor('pseudonymize'))).toBe('pixels_at_risk')
    const { facts, bytes } = await run(input, withPixels('pass'))
    expect(facts.pixelsAtRisk).toBe(true)
    expect(bytes.subarray(-64).equals(Buffer.alloc(64))).toBe(true)
  })

  it('is not at risk without pixels', async () => {
    expect((await run(file([modality('US')]))).facts.pixelsAtRisk).toBe(false)
  })
})

describe('under Clean Recognizable Visual Features, an image', () => {
  const { profile } = contextFor()
  const context = contextFor('pseudonymize', {
    profile: { ...profile, options: [...profile.options, '113102'] },
  })

  it.each<[string, Written[]]>([
    ['a head', [[0x00180015, 'CS', 'HEAD']]],
    ['no known body part', []],
    [
      'a chest, in a study of a head',
      [
        [0x00180015, 'CS', 'CHEST'],
        [0x00081030, 'LO', 'CT Brain w/o'],
      ],
    ],
    [
      'a chest, in a series of the neck',
      [
        [0x00180015, 'CS', 'CHEST'],
        [0x0008103e, 'LO', 'neck 1.0'],
      ],
    ],
    ['a body in visible light', [modality('XC'), [0x00180015, 'CS', 'CHEST']]],
  ])('of %s is quarantined', async (_, more) => {
    expect(await codeOf(file([IN_SPACE, ...more, PIXELS]), context)).toBe('features_at_risk')
  })

  it('of a chest passes with its marks', async () => {
    const more: Written[] = [IN_SPACE, [0x00180015, 'CS', 'CHEST'], PIXELS]
    const { bytes } = await run(file(more), context)
    expect(valueOf(bytes, 0x00280302)).toBe('NO')
    expect(bytes.includes('Clean Recognizable Visual Features Option')).toBe(true)
    expect(bytes.includes('Clean Pixel Data Option')).toBe(false)
    expect(valueOf((await run(file(more))).bytes, 0x00280302)).toBeUndefined()
  })

  it('without pixels is not an image, and has no marks', async () => {
    const { bytes } = await run(file(), context)
    expect(valueOf(bytes, 0x00280302)).toBeUndefined()
  })
})

describe('the rules', () => {
  const rule = (when: string) =>
    loadPixelRules(`rules: [{ name: r, when: ${when}, risk: false, because: test }]`)
  const fits = (when: string, value: string) =>
    !riskOf(() => value, rule(when), 'pixel-rules.yaml').isAtRisk

  it.each([
    ['{ Modality: [CT] }', 'CT', true],
    ['{ Modality: [CT] }', 'CTX', false],
    ['{ ImageType: ["*save*"] }', 'A\\SCREEN SAVE', true],
    ['{ Manufacturer: [""] }', '', true],
    ['{ Manufacturer: [""] }', 'GE', false],
    ['{ Manufacturer: ["*"] }', '', false],
    ['{ Modality: [CT], Manufacturer: ["*"] }', 'CT', true],
    ['{ SOPClassUID: ["1.2.*"] }', '1x2y3', false],
    ['{ ManufacturerModelName: ["*HDI*5000*"] }', 'hdi 3000, hdi 5000 r', true],
    ['{ ManufacturerModelName: ["*HDI*5000"] }', '5000 HDI', false],
    ['{ ManufacturerModelName: ["AB*BA"] }', 'ABA', false],
    ['{ ManufacturerModelName: ["AB*BA"] }', 'abba', true],
  ])('%s over %j: %s', (when, value, expected) => {
    expect(fits(when, value)).toBe(expected)
  })

  it('are refused with an unknown attribute', () => {
    expect(() => rule('{ Modalty: [CT] }')).toThrow(/Modalty/)
  })
})
