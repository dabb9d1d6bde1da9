/** Cleaning of text outside of DICOM, by the same rules as in a header (PS3.15 E.3.4). */
import { cleanText } from './clean.js'
import { fold } from './fold.js'
import { vocabularyOf } from './vocabulary.js'
import type { Language } from './vocabulary.js'

const LONGEST = 8_000
/** A single letter is an initial, or half of an abbreviation. */
const SHORTEST = 2

/**
 * Removes whatever names a person; the rest keeps its meaning.
 *
 * @param names of people whom the text may be about, whose words never stay
 */
export function cleanWritten(
  text: string,
  names: readonly string[],
  languages: readonly Language[],
): string {
  const words = names.flatMap((one) => fold(one).split(/[^\p{L}\p{N}]+/u))
  const forbidden = new Set(words.filter((word) => word.length >= SHORTEST))
  const vocabulary = vocabularyOf(languages)
  return cleanText(text, { forbidden, vocabulary, longest: LONGEST, isProse: false })
}
