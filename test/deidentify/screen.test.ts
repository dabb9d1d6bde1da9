/** `screen: sample`: some slices of a CT or MR series are read. */
import { describe, expect, it } from '@jest/globals'
import type { TextDetector } from '../../src/deidentify/index.js'
import { loadProfile } from '../../src/deidentify/rules/profile.js'
import { dataset, part10, type Written } from './_build.js'
import { noise, ultrasound } from './_image.js'
import { codeOf, contextFor, run } from './_run.js'
import { foundWords } from './_words.js'

const CT = '1.2.840.10008.5.1.4.1.1.2'

function slice(series: string, number: number, sopClass = CT): Buffer {
  const more: Written[] = [
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', sopClass],
    [0x00080060, 'CS', 'CT'],
    [0x00080070, 'LO', 'Scanners'],
    [0x0020000e, 'UI', series],
    [0x00200013, 'IS', String(number)],
    [0x00200032, 'DS', `0\\0\\${String(number)}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
  ]
  const pixels: Written = [0x7fe00010, 'OB', noise(64, number + 1)]
  const picture = { rows: 8, columns: 8, photometric: 'MONOCHROME2' }
  return part10(dataset(ultrasound(picture, [], pixels, 'explicit', more)))
}

/** Answers each reading by its number, counted from 1. */
function screening(answer: (reading: number) => readonly string[] | undefined, screen = 'sample') {
  let readings = 0
  const textDetector: TextDetector = {
    clears: true,
    threads: 1,
    readWords: () => {
      const words = answer((readings += 1))
      return Promise.resolve(words && foundWords(words))
    },
  }
  const context = contextFor('pseudonymize', { textDetector })
  const profile = { ...context.profile, screen: screen as 'none' | 'sample' }
  return { context: { ...context, profile }, readings: () => readings }
}

const outcomes = async (
  count: number,
  { context }: ReturnType<typeof screening>,
  series = '1.2.3.50',
) => {
  const codes: (string | undefined)[] = []
  for (let number = 1; number <= count; number++)
    codes.push(await codeOf(slice(series, number), context))
  return codes
}
const passed = (count: number) => Array<undefined>(count).fill(undefined)
const held = (count: number) => Array<string>(count).fill('text_in_pixels')

describe('a series of slices', () => {
  it('is not read unless the profile asks for it', async () => {
    const quiet = screening(() => ['Smithers'], 'none')
    expect(await outcomes(3, quiet)).toEqual(passed(3))
    expect(quiet.readings()).toBe(0)
  })

  it('is read at its first slice and whenever it has doubled, and passes byte for byte', async () => {
    const clean = screening(() => ['L', 'AX'])
    expect(await outcomes(20, clean)).toEqual(passed(20))
    expect(clean.readings()).toBe(5)
    const { bytes, facts } = await run(slice('1.2.3.51', 1), clean.context)
    expect(bytes.subarray(-64).equals(noise(64, 2))).toBe(true)
    expect(facts).toMatchObject({ pixelsAtRisk: false, pixelsBlanked: false })
  })

  it('is held as a whole if its first slice has an identifier, also when it is sent again', async () => {
    const named = screening((reading) => (reading === 1 ? ['Smithers'] : []))
    expect(await outcomes(6, named)).toEqual(held(6))
    expect(await outcomes(6, named)).toEqual(held(6))
    expect(await outcomes(2, named, '1.2.3.52')).toEqual(passed(2))
    expect(named.readings()).toBe(3)
  })

  it('is held from the slice on that has one', async () => {
    const later = screening((reading) => (reading === 3 ? ['Smithers'] : []))
    expect(await outcomes(8, later)).toEqual([...passed(3), ...held(5)])
  })

  it('waits for the reading of an earlier slice', async () => {
    const named = screening((reading) => (reading === 1 ? ['Smithers'] : []))
    const codes = [1, 2, 3, 4].map((number) => codeOf(slice('1.2.3.53', number), named.context))
    expect(await Promise.all(codes)).toEqual(held(4))
  })

  it('has the next slice read if one cannot be', async () => {
    const blank = screening((reading) => (reading < 3 ? undefined : ['Smithers']))
    expect(await outcomes(4, blank)).toEqual([...passed(2), ...held(2)])
  })

  it('passes after a person has looked at it', async () => {
    const named = screening(() => ['Smithers'])
    expect(await outcomes(2, named)).toEqual(held(2))
    const context = { ...named.context, waived: ['text_in_pixels' as const] }
    expect(await codeOf(slice('1.2.3.50', 1), context)).toBeUndefined()
  })

  it('is held if no text detector is installed', async () => {
    const { context } = screening(() => [])
    const without = { ...context, textDetector: undefined }
    expect(await codeOf(slice('1.2.3.54', 1), without)).toBe('pixels_at_risk')
  })

  it('is named in the profile', () => {
    const text = (value: string) =>
      `name: mine\nversion: '1'\nlinks: facility\nscreen: ${value}\noptions: []\n`
    expect(loadProfile(text('sample'), 'mine').profile).toMatchObject({ screen: 'sample' })
    expect(loadProfile(text('all'), 'mine').problems).toMatchObject([
      { path: 'screen', line: 4, hint: 'write none or sample' },
    ])
  })
})
