import { describe, expect, it } from '@jest/globals'
import { judgeOf } from '../../src/deidentify/blank/judge-words.js'
import { vocabularyOf } from '../../src/deidentify/text/vocabulary.js'
import { dataset, instance, part10, type Written } from './_build.js'
import { codeOf, contextFor } from './_run.js'
import { foundWords } from './_words.js'

/** No identifiers to search for: those from a header are tested below, with a whole file. */
const nobody = { names: new Set<string>(), isInText: () => false }
const judge = judgeOf({
  identifiers: nobody as unknown as Parameters<typeof judgeOf>[0]['identifiers'],
  vocabulary: vocabularyOf(),
})
const words = (text: string): string[] => text.split(' ')

describe('text read in a picture', () => {
  it.each([
    'L',
    'R',
    'R CC',
    'L MLO',
    'RIGHT LATERAL',
    'PA ERECT',
    'AP PORTABLE SUPINE',
    'Map 3',
    'Gain 52%',
    'DynR 60dB',
    'C5-2 Abdomen MI 0.8 TIs 0.4',
    '12cm 25fps',
    'Liver',
    'Gallbladder',
    'THI',
    'kVp 120 mAs 5',
    '14:32:05',
    'Persist Med',
    'Pergist Med',
    'IDR 60',
  ])('does not hold an image: %s', (text) => {
    expect(judge(words(text))).toBe(false)
  })

  it.each([
    'Smithers',
    'JOHNSON JANE',
    'Phillip',
    'Gross',
    'Lampe',
    'DOB 1937-01-09',
    '29.02.2024',
    '02/29/24',
    '29 FEB 2024',
    'MRN 0012345',
    'A1234567',
    '123456',
    'St Elsewhere Hospital Springvale',
  ])('holds the image: %s', (text) => {
    expect(judge(words(text))).toBe(true)
  })

  it('holds the image for a word of the vocabulary that is a name in the header', async () => {
    const more: Written[] = [
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7'],
      [0x00080060, 'CS', 'OT'],
      [0x00100010, 'PN', 'HEAD^LIVER'],
      [0x00280002, 'US', Buffer.from([1, 0])],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x7fe00010, 'OB', Buffer.from([1, 2])],
    ]
    const input = part10(dataset(instance(more)))
    const reading = (text: string) =>
      contextFor('pseudonymize', {
        textDetector: {
          clears: true,
          threads: 1,
          readWords: () => Promise.resolve(foundWords(words(text))),
        },
      })
    expect(await codeOf(input, reading('SPLEEN'))).toBeUndefined()
    expect(await codeOf(input, reading('LIVER'))).toBe('text_in_pixels')
    expect(await codeOf(input, reading('MRN0012345'))).toBe('text_in_pixels')
  })
})
