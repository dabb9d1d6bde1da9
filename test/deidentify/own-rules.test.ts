/** A facility's own blanking rules, in its profile. */
import { describe, expect, it } from '@jest/globals'
import { conformanceStatement } from '../../src/deidentify/rules/statement.js'
import { loadProfile } from '../../src/deidentify/rules/profile.js'
import { valueOf } from './_build.js'
import { bytesOfPixels, noise, ultrasoundFile, type Picture, type Region } from './_image.js'
import { codeOf, contextFor, run } from './_run.js'

const picture: Picture = { rows: 20, columns: 26, photometric: 'MONOCHROME2' }
const MODEL = [0x00081090, 'LO', 'Sonograph 7'] as const
const imageOf = (regions: readonly Region[], pixels: Buffer) =>
  ultrasoundFile(picture, regions, [0x7fe00010, 'OB', pixels], 'explicit', [MODEL])

const HEAD = "name: mine\nversion: '3'\nlinks: facility\noptions: []\n"
const RULE = `pixels: blank
blanking:
  - name: Sonograph 7
    when: { Modality: [US], ManufacturerModelName: ['sonograph*'] }
    blank: { top: 4, areas: [[20, 10, 6, 2]] }
`
function loaded(text: string) {
  const { profile, problems } = loadProfile(HEAD + text, 'mine')
  expect(problems).toEqual([])
  if (!profile) throw new Error('no profile')
  return contextFor('pseudonymize', { profile })
}

describe('a rule in the profile', () => {
  const pixels = noise(20 * 26)

  it('blanks what no shipped rule covers, and is recorded by its name and the profile version', async () => {
    const input = imageOf([], pixels)
    expect(await codeOf(input)).toBe('pixels_at_risk')
    const { bytes, facts, report } = await run(input, loaded(RULE))
    expect(facts.pixelsBlanked).toBe(true)
    const isText = (x: number, y: number) => y < 4 || (x >= 20 && y >= 10 && y < 12)
    const changed = [...bytes.subarray(-pixels.length).entries()]
      .filter(([at, byte]) => byte !== pixels[at])
      .map(([at]) => at)
    expect(new Set(changed)).toEqual(bytesOfPixels(picture, isText))
    expect(report.at(-1)).toMatchObject({
      path: '7FE00010',
      reason: 'blanking rule: Sonograph 7',
      option: '113101',
    })
    expect(valueOf(bytes, 0x00120063)).toBe('Nocturne mine 3')
  })

  it('takes precedence over the shipped rules', async () => {
    const input = imageOf([[4, 3, 21, 16]], pixels)
    const ruleOf = async (context = contextFor()) =>
      (await run(input, context)).report.at(-1)?.reason
    expect(await ruleOf()).toBe('blanking rule: pictures outlined by the scanner')
    expect(await ruleOf(loaded(RULE))).toBe('blanking rule: Sonograph 7')
  })

  it('leaves images it does not match to the shipped rules', async () => {
    const input = imageOf([[4, 3, 21, 16]], pixels)
    const { report } = await run(input, loaded(RULE.replace('sonograph*', 'other')))
    expect(report.at(-1)?.reason).toBe('blanking rule: pictures outlined by the scanner')
  })

  it('is in the conformance statement', () => {
    expect(conformanceStatement(loaded(RULE).profile)).toContain(
      'locates the text (the 1 rule of the profile itself and config/blanking-rules.yaml)',
    )
  })

  const rule = (when: string, blank: string) =>
    `pixels: blank\nblanking:\n  - name: Sonograph 7\n    when: ${when}\n    blank: ${blank}\n`
  it.each<[string, string, number, string, string]>([
    [
      'an attribute that does not exist',
      rule('{ Modalty: [US] }', '{ top: 4 }'),
      8,
      'blanking[0].when.Modalty',
      'write the keyword of an attribute from PS3.6, such as Manufacturer',
    ],
    [
      'nothing to blank',
      rule('{ Modality: [US] }', '{ top: 0 }'),
      9,
      'blanking[0].blank',
      'name an edge (top, bottom, left, right) or areas: a rule that blanks nothing would pass the text',
    ],
    [
      'an invalid place',
      rule('{ Modality: [US] }', 'the top'),
      9,
      'blanking[0].blank',
      'write outside regions, or edges and areas: { top: 60, areas: [[x, y, w, h]] }',
    ],
    [
      'half an area',
      rule('{ Modality: [US] }', '{ areas: [[1, 2, 3]] }'),
      9,
      'blanking[0].blank.areas[0]',
      'write [x, y, width, height] in pixels',
    ],
    [
      'a negative edge',
      rule('{ Modality: [US] }', '{ top: -4, bottom: 9 }'),
      9,
      'blanking[0].blank.top',
      'write 0 or more pixels',
    ],
    [
      'a profile that does not blank',
      RULE.replace('pixels: blank', 'pixels: pass'),
      7,
      'blanking',
      'add pixels: blank, or remove this: without it, nothing is blanked',
    ],
  ])('is refused with %s, by line, path and hint', (_, text, line, path, hint) => {
    expect(loadProfile(HEAD + text, 'mine').problems).toMatchObject([{ line, path, hint }])
  })

  it('is refused with the line number if the YAML is invalid', () => {
    const { problems } = loadProfile(`${HEAD}pixels: [blank\n`, 'mine')
    expect(problems).toMatchObject([
      { line: 6, hint: 'indent all entries of a list or map equally, with spaces' },
    ])
  })
})
