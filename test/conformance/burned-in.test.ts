/**
 * What happens to images that may have names burned in, under `pseudonymize` as shipped: by
 * modality and SOP class, for all real files, and for images with a name drawn into them for each
 * class that may show one.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { NocturneError } from '../../src/lib/errors.js'
import { dataset, fragments, part10, type Written } from '../deidentify/_build.js'
import { ultrasound, type Picture } from '../deidentify/_image.js'
import { run, withPixels } from '../deidentify/_run.js'
import { write } from '../deidentify/_writing.js'
import { noFiles, realFiles, title, when } from './_files.js'

/** Classes of which an image never passes unless it was blanked. */
const SHOWN: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.1': 'CR',
  '1.2.840.10008.5.1.4.1.1.1.1': 'DX for presentation',
  '1.2.840.10008.5.1.4.1.1.1.1.1': 'DX for processing',
  '1.2.840.10008.5.1.4.1.1.3.1': 'US multi-frame',
  '1.2.840.10008.5.1.4.1.1.6.1': 'US',
  '1.2.840.10008.5.1.4.1.1.7': 'secondary capture',
  '1.2.840.10008.5.1.4.1.1.7.1': 'secondary capture, bits',
  '1.2.840.10008.5.1.4.1.1.7.2': 'secondary capture, bytes',
  '1.2.840.10008.5.1.4.1.1.7.3': 'secondary capture, words',
  '1.2.840.10008.5.1.4.1.1.7.4': 'secondary capture, colour',
}

interface Outcome {
  readonly modality: string
  readonly sopClass: string
  readonly result: string
}

/** Undefined for a file without pixels, or one held because of a defect rather than its content. */
async function outcomeOf(input: Buffer): Promise<Outcome | undefined> {
  try {
    const { facts, bytes } = await run(input, withPixels('pass'))
    if (
      !bytes.includes(Buffer.from('e07f1000', 'hex')) &&
      !bytes.includes(Buffer.from('7fe00010', 'hex'))
    )
      return undefined
    const { modality, sopClassUID: sopClass } = facts
    return { modality, sopClass, result: await resultOf(input) }
  } catch (error) {
    if (error instanceof NocturneError) return undefined
    throw error
  }
}

async function resultOf(input: Buffer): Promise<string> {
  try {
    return (await run(input)).facts.pixelsBlanked ? 'blanked' : 'passed'
  } catch (error) {
    if (error instanceof NocturneError) return `held: ${error.code}`
    throw error
  }
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = new Map<string, Map<string, number>>()
  for (const { modality, sopClass, result } of outcomes) {
    const name = `${modality.padEnd(8)} ${(SHOWN[sopClass] ?? sopClass).padEnd(34)}`
    const row = rows.get(name) ?? new Map<string, number>()
    rows.set(name, row.set(result, (row.get(result) ?? 0) + 1))
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, row]) => `${name}${[...row].map(([what, count]) => `${count} ${what}`).join(', ')}`,
    )
    .join('\n')
}

const unblanked = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter(({ sopClass, result }) => sopClass in SHOWN && result === 'passed')

describe('under pseudonymize as shipped', () => {
  when(noFiles)(
    title('no real image of ultrasound, secondary capture, CR or DX passes unblanked', noFiles),
    async () => {
      const outcomes: Outcome[] = []
      let others = 0
      for (const path of realFiles()) {
        const outcome = await outcomeOf(readFileSync(path))
        if (outcome) outcomes.push(outcome)
        else others += 1
      }
      console.log(`${tableOf(outcomes)}\n${others} others: no pixels, or held for something else`)
      expect(unblanked(outcomes)).toEqual([])
      expect(outcomes.filter(({ sopClass }) => sopClass in SHOWN).length).toBeGreaterThan(40)
    },
    120_000,
  )

  it('no image with a name drawn into it passes, whatever its syntax and header', async () => {
    const [rows, columns] = [64, 200]
    const picture: Picture = { rows, columns, photometric: 'MONOCHROME2' }
    const pixels = Buffer.alloc(rows * columns, 60)
    write(pixels, columns, 'JOHNSON JANE', { x: 10, y: 10, scale: 2 })
    const ways: readonly (readonly [syntax: string, pixels: Written])[] = [
      ['1.2.840.10008.1.2.1', [0x7fe00010, 'OB', pixels]],
      ...[
        '.2.5',
        '.2.4.50',
        '.2.4.70',
        '.2.4.80',
        '.2.4.90',
        '.2.4.201',
        '.2.4.110',
        '.2.4.102',
      ].map((last): [string, Written] => [
        `1.2.840.10008.1${last}`,
        [0x7fe00010, 'OB', fragments(Buffer.from('ffd8ffd9', 'hex')), 'open'],
      ]),
    ]
    const claims: readonly Written[][] = [
      [],
      [[0x00280301, 'CS', 'NO']],
      [[0x00080008, 'CS', 'ORIGINAL\\PRIMARY']],
      [[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']],
    ]
    const modalities = ['US', 'CR', 'DX', 'SC', 'OT', 'CT', 'MR', 'MG', 'XA', '']
    const passed: string[] = []
    for (const sopClass of Object.keys(SHOWN))
      for (const modality of modalities)
        for (const [syntax, value] of ways)
          for (const claim of claims) {
            const more: Written[] = [
              [0x00080016, 'UI', sopClass],
              [0x00080060, 'CS', modality],
              ...claim,
            ]
            const input = part10(dataset(ultrasound(picture, [], value, 'explicit', more)), syntax)
            const result = await resultOf(input)
            if (!result.startsWith('held')) passed.push(`${sopClass} ${modality} ${syntax}`)
          }
    expect(passed).toEqual([])
  })
})
