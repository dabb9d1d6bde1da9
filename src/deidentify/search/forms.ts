/**
 * The spellings in which people repeat an identifier, folded, to be searched for in what remains.
 */
import { fold, isPlain } from '../text/fold.js'
import { cached } from '../../lib/cached.js'

/**
 * Separators that some people omit inside a name: `DE LA CRUZ` is also `delacruz`, `O'NEIL` also
 * `oneil`.
 */
const INSIDE_NAMES = /[\s,.;:()'"/_-]+/

export interface NameForm {
  readonly text: string
  /** A word exactly as in the name, which cleaning must remove too. */
  readonly isWord: boolean
}

/**
 * Cache of the most recent names: physicians and operators are in the files of all their patients.
 */
const NAMES = 128
const LONGEST_NAME = 64

/**
 * The forms of one PN value: its words, each component as one word, and family and given name as
 * one word.
 */
export const namesIn = cached(
  (name: string): readonly NameForm[] => [...newNamesIn(name)],
  NAMES,
  LONGEST_NAME,
)

function* newNamesIn(name: string): Generator<NameForm, void> {
  for (const group of name.split('=')) {
    const components = group.split('^')
    for (const word of components.flatMap((component) => component.split(INSIDE_NAMES))) {
      for (const text of spellings(word)) if (text.length > 1) yield { text, isWord: true }
    }
    const joined = components.map((one) => fold(one).split(INSIDE_NAMES).join(''))
    for (const text of joined) if (text.length > 3) yield { text, isWord: false }
    const [family = '', given = ''] = joined
    if (family.length > 1 && given.length > 1) {
      yield { text: family + given, isWord: false }
      yield { text: given + family, isWord: false }
    }
  }
}

const spellings = (word: string): Iterable<string> =>
  isPlain(word) ? [fold(word)] : new Set([fold(word), fold(inAscii(word))])

const LETTERS: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  æ: 'ae',
  ø: 'oe',
  å: 'aa',
}

/** As typed on a keyboard without these letters. */
const inAscii = (word: string): string =>
  word.toLowerCase().replace(/[äöüßæøå]/g, (letter) => LETTERS[letter] ?? letter)

/**
 * The forms of a patient, visit or order number: as written, without leading zeros, without
 * separators, and its digits alone.
 */
export function* numberForms(id: string): Generator<string, void> {
  const whole = fold(id.trim())
  if (whole.length >= 3) yield whole
  const squeezed = whole.replace(/[-/. ]/g, '')
  for (const form of [whole.replace(/^0+/, ''), squeezed]) if (form.length >= 4) yield form
  for (const [digits] of squeezed.matchAll(/\d{5,}/g)) {
    const number = digits.replace(/^0+/, '')
    if (number.length >= 5) yield number
  }
}

/** The names of each month in English, German, French, Spanish, Italian and Dutch, folded. */
const MONTHS: readonly (readonly string[])[] = [
  'january januar janvier enero gennaio januari',
  'february februar fevrier febrero febbraio februari',
  'march marz maerz mars marzo maart',
  'april avril abril aprile',
  'may mai mayo maggio mei',
  'june juni juin junio giugno',
  'july juli juillet julio luglio',
  'august aout agosto augustus',
  'september septembre septiembre settembre',
  'october oktober octobre octubre ottobre',
  'november novembre noviembre',
  'december dezember decembre diciembre dicembre',
].map((names) => names.split(' '))

/** Year, month and day of a DA, or of the start of a DT. */
function dayOf(text: string): readonly [string, string, string] | undefined {
  const [, year, month, day] = /^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(text.trim()) ?? []
  return year && month && day ? [year, month, day] : undefined
}

/** Cache of the most recent dates: the instances of one day have nearly the same ones. */
const DATES = 64
const LONGEST = 32

const cachedForms = (formsOf: (date: string) => Iterable<string>) =>
  cached((date: string): readonly string[] => [...new Set(formsOf(date))], DATES, LONGEST)

/** The forms of a date: year, month and day in the three orders, with and without leading zeros. */
export const dayForms = cachedForms(newDayForms)

/** The forms of a birth date: the same, and those with the month by name. */
export const birthDateForms = cachedForms(newBirthDateForms)

function* newDayForms(date: string): Generator<string, void> {
  const parts = dayOf(date)
  if (!parts) return
  const [year, month, day] = parts
  const [shortMonth, shortDay] = [String(Number(month)), String(Number(day))]
  for (const separator of ['', '-', '/', '.', ' ']) {
    yield [year, month, day].join(separator)
    yield [day, month, year].join(separator)
    yield [month, day, year].join(separator)
    if (separator === '') continue
    yield [day, month, year.slice(2)].join(separator)
    yield [month, day, year.slice(2)].join(separator)
    yield [year, shortMonth, shortDay].join(separator)
    yield [shortDay, shortMonth, year].join(separator)
    yield [shortMonth, shortDay, year].join(separator)
  }
}

function* newBirthDateForms(date: string): Generator<string, void> {
  yield* dayForms(date)
  const parts = dayOf(date)
  if (!parts) return
  const [year, month, day] = parts
  const shortDay = String(Number(day))
  const ordinal = shortDay + (ENDS[shortDay] ?? 'th')
  const [english, ...others] = (MONTHS[Number(month) - 1] ?? []).map(namesOfMonth)
  // Month and year identify a birth date, whatever day precedes them.
  for (const name of new Set([...(english ?? []), ...others.flat()]))
    for (const separator of [' ', '-', '', ' de ']) yield name + separator + year
  for (const name of english ?? [])
    for (const number of new Set([day, shortDay, ordinal]))
      for (const end of [' ', ', ']) yield `${name} ${number}${end}${year}`
  for (const name of english ?? [])
    for (const separator of [' ', '-', '']) {
      yield year + separator + name
      yield [day, name, year.slice(2)].join(separator)
      yield [shortDay, name, year.slice(2)].join(separator)
    }
}

const ENDS: Readonly<Record<string, string>> = {
  1: 'st',
  2: 'nd',
  3: 'rd',
  21: 'st',
  22: 'nd',
  23: 'rd',
  31: 'st',
}
/** In full, and abbreviated to three letters with and without a full stop. */
const namesOfMonth = (name: string): readonly string[] => [
  name,
  name.slice(0, 3),
  `${name.slice(0, 3)}.`,
]

/** The first line of an address: a house number, with the street before or after it. */
const HOUSE = /^(?:\d{1,5}[a-z]?\s+\p{L}{4,}|\p{L}{4,}\s+\d{1,5})/u
const MAIL = /[^\s<>:;,]{1,64}@[^\s<>:;,]{1,128}/g
/** Digits with the separators that people write between them. */
const NUMBER = /\d(?:[-./() ]{0,3}\d){6,20}/g

/**
 * The forms of an address or telephone number: the whole, house number with street, mail addresses,
 * and the digits of a number without country code and without area code.
 */
export function* contactForms(text: string): Generator<string, void> {
  const folded = fold(text).trim()
  if (folded.length >= 5) yield folded
  const [house] = HOUSE.exec(folded) ?? []
  if (house !== undefined) yield house.replace(/\s+/g, ' ')
  for (const [mail] of folded.matchAll(MAIL)) yield mail
  for (const [number] of folded.matchAll(NUMBER)) {
    const digits = number.replace(/\D/g, '')
    yield digits.slice(-9)
    if (digits.length >= 10) yield digits.slice(-7)
  }
}
