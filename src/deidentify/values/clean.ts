/** Clean Descriptors (PS3.15 E.3.4): text reduced to words that are known to be harmless. */
import { readFileSync } from 'node:fs'

const VOCABULARY: ReadonlySet<string> = new Set(
  readFileSync(new URL('../tables/vocabulary.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(' '))
    .filter((word) => word !== ''),
)

const UNIT = '(?:mm|cm|ml|cc|s|sec|ms|min|kv|kvp|ma|mas|hz|mhz|t|tesla|mgy|gy|mbq|mci|deg|bpm|%|x)'
/** `5mm`, `2.5mm`, `70%`, `b800`, `T12`, `3x3`: too short to number anybody. */
const QUANTITY = new RegExp(
  `^(?:\\d{1,3}(?:\\.\\d{1,2})?${UNIT}|b\\d{1,4}|[ctls]\\d{1,2}|\\d{1,2}x\\d{1,2})$`,
)
const SHORT_NUMBER = /^\d{1,3}(?:\.\d{1,2})?$/
const IS_UNIT = new RegExp(`^${UNIT}$`)
/** A number may follow these: `phase 2`. */
const COUNTED = new Set('phase echo level view pass part series slab stage grade run b'.split(' '))

/** Letters that are no other letter with a mark to Unicode. */
const BARE: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
}

/** Lower case, without accents and without what is not seen, such as soft hyphens: how identifiers and words are compared. */
export const fold = (text: string): string =>
  isPlain(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKD')
        .replace(/[\p{M}\p{Cf}]/gu, '')
        .toLowerCase()
        .replace(/[ßæœøłđðþħı]/g, (letter) => BARE[letter] ?? letter)

/** Whether all of it is printable ASCII. In a loop: of short text a regular expression takes several times as long. */
export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

/** Whether `text` is the bytes that it was read from: who searched the one has searched the other. */
export const isVerbatim = (text: string, bytes: Buffer): boolean =>
  text.length === bytes.length && isPlain(text)

export const isVocabulary = (folded: string): boolean => VOCABULARY.has(folded)

/**
 * What is left of `text`: words of the vocabulary in their order, and quantities. Nothing else passes, so no name,
 * number, date or telephone number can; and no word of `forbidden` (folded), even one that the vocabulary has.
 */
export function cleanText(text: string, forbidden: ReadonlySet<string>): string {
  const words = text.split(/[^\p{L}\p{N}.+%-]+/u).flatMap((word) => pieces(word))
  const kept: string[] = []
  words.forEach((word, index) => {
    const folded = fold(word)
    if (forbidden.has(folded)) return
    // What is written is ASCII, which is the same in every character set: a word with accents loses them.
    if (VOCABULARY.has(folded) || QUANTITY.test(folded)) kept.push(isPlain(word) ? word : folded)
    else if (SHORT_NUMBER.test(word) && isQuantified(words, index)) kept.push(word)
  })
  return kept.join(' ')
}

/** A word with hyphens or points as a whole where it is known so, else its parts. */
function pieces(word: string): string[] {
  const folded = fold(word)
  if (VOCABULARY.has(folded) || QUANTITY.test(folded) || SHORT_NUMBER.test(word)) return [word]
  const parts = word.split(/[.+-]+/).filter((part) => part !== '')
  // Numbers with separators are dates, telephone numbers and identifiers: no part of them counts as a quantity.
  return parts.length > 1 ? parts.filter((part) => !/^\d+$/.test(part)) : parts
}

function isQuantified(words: readonly string[], index: number): boolean {
  const next = words[index + 1]
  if (next !== undefined && IS_UNIT.test(fold(next))) return true
  const previous = words[index - 1]
  return /^\d{1,2}$/.test(words[index] ?? '') && COUNTED.has(fold(previous ?? ''))
}
