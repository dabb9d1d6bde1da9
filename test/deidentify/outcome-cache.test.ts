/** The cache of earlier slices, used from the second slice on, does not change any result. */
import { describe, expect, it } from '@jest/globals'
import { type DeidentifyContext } from '../../src/deidentify/index.js'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/profile.js'
import { file, valueOf, type Written } from './_build.js'
import { codeOf, contextFor, run } from './_run.js'

/** A new name each time, so that nothing is cached yet. */
let people = 0
const somebody = (): Written => [
  0x00100010,
  'PN',
  `NOBODYELSE^${String.fromCharCode(65 + people++)}ANNA`,
]

const answering = (code: string, shiftSeconds: number): Partial<DeidentifyContext> => ({
  pseudonymOf: () => Promise.resolve({ code, shiftSeconds }),
})

describe('slices of one series', () => {
  it('give the same bytes and report when they are sent again', async () => {
    const input = file([
      somebody(),
      [0x00081030, 'LO', 'CHEST nobodyelse'],
      [0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2.3.9']]], isOpen: true }],
      [0x00091001, 'UN', Buffer.from('secret')],
    ])
    const first = await run(input)
    for (const again of [await run(input), await run(input)]) {
      expect(again.bytes.equals(first.bytes)).toBe(true)
      expect(again.report).toEqual(first.report)
      expect(again.facts).toEqual(first.facts)
      expect(again.wayBack).toEqual(first.wayBack)
    }
  })

  it('shift equal dates together with their own times', async () => {
    const person = somebody()
    const context = contextFor('pseudonymize', answering('HALFADAY', 12 * 3600))
    const at = async (time: string) => {
      const slice = file([person, [0x00080022, 'DA', '20240229'], [0x00080032, 'TM', time]])
      return valueOf((await run(slice, context)).bytes, 0x00080022)
    }
    expect(await at('010000')).toBe('20240229')
    expect(await at('130000')).toBe('20240301')
    expect(await at('010000')).toBe('20240229')
    expect(await at('130000')).toBe('20240301')
  })

  it('are processed again for another code, shift, secret, transfer and profile', async () => {
    const input = file([somebody(), [0x00081030, 'LO', 'CHEST for nobodyelse']])
    const contexts = [
      contextFor('pseudonymize', answering('ONE', 86_400)),
      contextFor('pseudonymize', answering('TWO', 86_400)),
      contextFor('pseudonymize', answering('ONE', 2 * 86_400)),
      contextFor('pseudonymize', { ...answering('ONE', 86_400), secret: Buffer.alloc(32, 8) }),
      contextFor('strip', answering('ONE', 0)),
      contextFor('strip', { ...answering('ONE', 0), transfer: 'another' }),
      contextFor('pseudonymize', {
        ...answering('ONE', 86_400),
        profile: { ...BUILT_IN_PROFILES.pseudonymize, options: [] },
      }),
    ]
    const first: Buffer[] = []
    for (const context of contexts) first.push((await run(input, context)).bytes)
    expect(new Set(first.map((bytes) => bytes.toString('latin1'))).size).toBe(contexts.length)
    for (const [index, context] of [...contexts.entries(), ...contexts.entries()])
      expect((await run(input, context)).bytes.equals(first[index] ?? Buffer.alloc(0))).toBe(true)
  })

  it('are each read in their own character set', async () => {
    const person = somebody()
    const text: Written = [0x00081030, 'LO', Buffer.from('CHEST Müller', 'latin1')]
    const doctor: Written = [0x00081070, 'PN', Buffer.from('Müller^Jo', 'latin1')]
    const manufacturer: Written = [0x00080070, 'LO', Buffer.from('Muller Inc')]
    const under = (set: string) =>
      file([person, [0x00080005, 'CS', set], text, doctor, manufacturer])
    const latin = await run(under('ISO_IR 100'))
    expect(valueOf(latin.bytes, 0x00080070)).not.toContain('Muller')
    const greek = await run(under('ISO_IR 126'))
    expect(valueOf(greek.bytes, 0x00080070)).toBe('Muller Inc')
    for (const again of [await run(under('ISO_IR 100')), await run(under('ISO_IR 100'))])
      expect(again.bytes.equals(latin.bytes)).toBe(true)
  })

  it('may name other people than equal elements of earlier slices', async () => {
    const person = somebody()
    const station: Written = [0x00081090, 'LO', 'Quillfeather 3000']
    await run(file([person, station]))
    const before = await run(file([person, station]))
    expect(valueOf(before.bytes, 0x00081090)).toBe('Quillfeather 3000')
    const after = await run(file([person, station, [0x00081070, 'PN', 'QUILLFEATHER^IDA']]))
    expect(valueOf(after.bytes, 0x00081090)).not.toContain('Quillfeather')
  })

  it('fail for the same fault every time', async () => {
    const input = file([somebody(), [0x00081090, 'LO', Buffer.alloc(0x50000, 0x61)]], 'implicit')
    const first = await codeOf(input)
    expect(first).toBe('header_too_complex')
    expect(await codeOf(input)).toBe(first)
  })
})
