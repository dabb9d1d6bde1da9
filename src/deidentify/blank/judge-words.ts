/**
 * Judges whether the words read in a picture could identify the patient. The words are neither
 * stored nor reported.
 */
import type { Subject } from '../subject.js'
import { fold } from '../text/fold.js'
import { names } from '../text/vocabulary.js'

export type Judge = (words: readonly string[]) => boolean

/**
 * Abbreviations that scanners and technologists write next to an image and that no dictionary has.
 * Words of one or two letters, such as sides and views, pass anyway.
 */
const SETTINGS: ReadonlySet<string> = new Set(
  (
    'map gain persist med dyn dynr dynrg rng range prf flow freq frq frame rate fps depth focus foc persist pers zoom res gen pen harm thi ' +
    'tis tib tic wf wall filter pwr power dgc tgc lgc sri cri xres hres pan bpm bmode mmode pwd cwd cfm cpa dpd color colour ' +
    'dr kvp kev mas msec sec min max fov sid sod exi dap prot seq ser img ima acc acq win wid lev ctr center width level invert ' +
    'portable supine erect prone upright lateral lat obl decub cross table axial cor sag tra stand sitting inspir expir post ' +
    'ante ant pre cont mlo rcc lcc rmlo lmlo bpe mag spot abd cxr apl rao lao pal abdomen adult general default preset ' +
    'philips siemens toshiba canon hitachi samsung mindray esaote acuson logiq vivid voluson epiq aplio sonosite fuji fujifilm ' +
    'agfa kodak carestream konica hologic lorad medical systems healthcare'
  ).split(' '),
)

/** `2024-02-29`, `29.02.24`, `02/29/2024`, `29-FEB-2024`, `FEB 29 2024`. */
const DATE =
  /(?<![\p{L}\p{N}])(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})|\d{1,2}[-./ ]?\p{L}{3,9}[-./ ,]?\d{4}|\p{L}{3,9} \d{1,2},? \d{4})(?![\p{L}\p{N}])/u
/** Five or more digits could identify a person; in a word with letters, four or more. */
const MOST_DIGITS = 4
const MOST_DIGITS_IN_WORD = 3
/**
 * Up to this many letters next to digits make a setting (`C5-2`, `MI0.8`, `12cm`), not a person.
 */
const MOST_LETTERS_IN_WORD = 4

/** With fewer letters, a setting is too similar to other words. */
const LONG_SETTING = 7
const LONG_SETTINGS = [...SETTINGS].filter((word) => word.length >= LONG_SETTING)

/**
 * A setting next to the edge of a bar (`IDR 60`), or with one wrong letter (`Pergist`); never a
 * name that a list contains.
 */
function isMisread(word: string): boolean {
  if (names().all.has(word)) return false
  if (/^[il].{2,3}$/.test(word) && SETTINGS.has(word.slice(1))) return true
  return LONG_SETTINGS.some((setting) => {
    if (setting.length !== word.length) return false
    let differences = 0
    for (let at = 0; at < word.length; at++) if (word[at] !== setting[at]) differences += 1
    return differences === 1
  })
}

/** @param words of one picture, in reading order. */
export function judgeOf({
  identifiers,
  vocabulary,
}: Pick<Subject, 'identifiers' | 'vocabulary'>): Judge {
  const isKnown = (word: string): boolean =>
    !identifiers.names.has(word) &&
    (SETTINGS.has(word) || vocabulary.rolesOf(word) !== 0 || isMisread(word))
  const isSuspect = (token: string): boolean => {
    if (identifiers.names.has(token)) return true
    const digits = token.replace(/\P{N}/gu, '').length
    if (digits === token.length) return digits > MOST_DIGITS
    const letters = token.replace(/\P{L}/gu, '')
    if (digits > 0)
      return (
        digits > MOST_DIGITS_IN_WORD || (letters.length > MOST_LETTERS_IN_WORD && !isKnown(letters))
      )
    return letters.length > 2 && !isKnown(letters)
  }
  return (words) => {
    const text = fold(words.join(' '))
    if (identifiers.isInText(text) || DATE.test(text)) return true
    return (text.match(/[\p{L}\p{N}]+/gu) ?? []).some(isSuspect)
  }
}
