/**
 * The words that cleaned text may keep, and the effect of each on its neighbours. Read on first
 * use.
 */
import { readFileSync } from 'node:fs'
import { internationalForm } from './cognates.js'
import { compoundOf, isClinical } from './compounds.js'
import { fold } from './fold.js'
import {
  ANATOMY,
  CHANGES_MEANING,
  CONTRAST,
  FINDING,
  NOT,
  PARTNER,
  SECTIONS,
  TECHNIQUE,
  TITLE,
  WITHOUT,
} from './roles.js'

export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'] as const
export type Language = (typeof LANGUAGES)[number]

export interface Vocabulary {
  /** The roles of a folded word; 0 if it is unknown. */
  rolesOf(folded: string): number
  /** Whether a list contains the word in exactly this form. */
  isListed(folded: string): boolean
  /**
   * One bit for each language whose list contains the word, in the order of `LANGUAGES`; 0 if no
   * list contains it in exactly this form.
   */
  languagesOf(folded: string): number
  /**
   * Length of the longest entry at `at` that contains characters other than letters and digits,
   * such as `w/o`; 0 if there is none.
   */
  markedAt(folded: string, at: number): number
  /** `Hr.`, which is a title only in this exact spelling. */
  isTitle(written: string): boolean
  /** Whether `word` is meaningful only next to `neighbour`. */
  isPair(word: string, neighbour: string): boolean
  /** Whether the word is one typing error away from a negation, and so may be one. */
  isNearlyNot(folded: string): boolean
}

const folder = new URL('./words/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')

interface List {
  readonly language: Language
  readonly roles: ReadonlyMap<string, number>
  readonly titles: readonly string[]
  readonly pairs: readonly (readonly [string, string])[]
}

/** See words/README.md for the format of a list. */
function parse(language: Language): List {
  const roles = new Map<string, number>()
  const titles: string[] = []
  const pairs: [string, string][] = []
  const endings = new Map<string, readonly string[]>()
  let section = ''
  for (const line of read(`${language}.txt`).split('\n')) {
    if (line === '' || line.startsWith('# ')) continue
    const heading = /^\[(.+)\]$/.exec(line)?.[1]
    if (heading !== undefined) {
      section = heading
    } else if (section === '') {
      endings.set(line.charAt(0), line.slice(2).split(','))
    } else if (section === 'title mixed') {
      titles.push(...line.split(' '))
    } else if (section === 'pair') {
      const [one = '', other = ''] = line.split(' ').map(fold)
      pairs.push([one, other])
    } else {
      const role = SECTIONS[section] ?? 0
      for (const entry of line.split(' '))
        for (const word of spelled(entry, endings)) roles.set(word, (roles.get(word) ?? 0) | role)
    }
  }
  return { language, roles, titles, pairs }
}

/**
 * `stem~a,b` stands for stema and stemb; `word/s` also for the plural; `~@` and `~%` for the
 * endings defined at the start of the list.
 */
function* spelled(
  entry: string,
  endings: ReadonlyMap<string, readonly string[]>,
): Generator<string> {
  const [, stem = entry, kind, rest = ''] = /^([^~]+?)(?:(~)(.+)|$)/.exec(plural(entry)) ?? []
  const ends = kind === undefined ? [''] : (endings.get(rest) ?? rest.split(','))
  for (const end of ends) {
    const word = (stem + end).toLowerCase()
    yield fold(word)
    if (/[äöüß]/.test(word)) yield word.replace(/[äöüß]/g, (letter) => IN_ASCII[letter] ?? letter)
  }
}

/**
 * Rewrites `fase/s` in the other notation; a slash followed by anything else belongs to the word.
 */
const plural = (entry: string): string =>
  entry.replace(/^(\p{L}{3,})\/(s|es)$/u, (_, stem: string, end: string) => `${stem}~,${end}`)

const IN_ASCII: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' }

const wordsOf = (name: string): string[] =>
  (JSON.parse(read(name)) as string[]).flatMap((line) => line.split(' '))

const FAMILY_NAMES = ['family-names.json', 'more-names.json']
let people: { readonly given: ReadonlySet<string>; readonly all: ReadonlySet<string> } | undefined
/**
 * Whether a list contains a folded word in exactly this form, which excludes names that only look
 * like a compound.
 */
export const isVocabulary = (folded: string): boolean => (all ??= vocabularyOf()).isListed(folded)
let all: Vocabulary | undefined

/** People's names, folded; some of them are also words in a list. */
export function names() {
  if (people) return people
  const given = new Set(wordsOf('given-names.json'))
  people = { given, all: new Set([...given, ...FAMILY_NAMES.flatMap(wordsOf)]) }
  return people
}

/**
 * Reads every list now, which takes a fifth of a second, instead of while the first instance, and
 * everything else, waits for it.
 */
export function readWords(): void {
  all ??= vocabularyOf()
  names()
  qualifiers()
}

let adjectives: ReadonlySet<string> | undefined
/** Names that are also adjectives and the like, which may qualify a finding (`gross hematuria`). */
export const qualifiers = (): ReadonlySet<string> =>
  (adjectives ??= new Set(wordsOf('qualifiers.json')))

const made = new Map<string, Vocabulary>()
/** By the list in a profile, which is asked for with every instance. */
const byList = new WeakMap<readonly Language[], Vocabulary>()

/**
 * The vocabulary of the given languages. It always includes English, because scanners write English
 * everywhere.
 */
export function vocabularyOf(languages: readonly Language[] = LANGUAGES): Vocabulary {
  const before = byList.get(languages)
  if (before) return before
  const chosen = LANGUAGES.filter((one) => one === 'en' || languages.includes(one))
  const key = chosen.join(' ')
  const vocabulary = made.get(key) ?? merged(chosen.map(parse))
  made.set(key, vocabulary)
  byList.set(languages, vocabulary)
  return vocabulary
}

/** The languages of a word are stored above its roles, so that one table holds both. */
const FIRST_LANGUAGE = 20
const ROLES = (1 << FIRST_LANGUAGE) - 1

function merged(chosen: readonly List[]): Vocabulary {
  const words = new Map<string, number>()
  for (const { language, roles } of chosen) {
    const bit = 1 << (FIRST_LANGUAGE + LANGUAGES.indexOf(language))
    for (const [word, role] of roles) words.set(word, (words.get(word) ?? 0) | role | bit)
  }
  // A word in the standard's code meanings about patients is treated as a finding.
  for (const word of wordsOf('standard.json')) if (!words.has(word)) words.set(word, FINDING)
  const pairs = new Map<string, Set<string>>()
  for (const [one, other] of chosen.flatMap((list) => list.pairs)) {
    for (const [word, neighbour] of [
      [one, other],
      [other, one],
    ] as const)
      pairs.set(word, (pairs.get(word) ?? new Set()).add(neighbour))
    for (const word of [one, other]) if (!words.has(word)) words.set(word, PARTNER)
  }
  const marked = new Set([...words.keys()].filter((word) => /[^\p{L}\p{N}]/u.test(word)))
  const longest = Math.max(...[...marked].map((word) => word.length))
  const titles = new Set(chosen.flatMap((list) => list.titles))
  const nearly = near(
    [...words].flatMap(([word, role]) => ((role & (NOT | WITHOUT)) !== 0 ? [word] : [])),
  )
  const cognates = cognatesOf(words)
  return {
    rolesOf: (folded) => rolesIn(words, folded) ?? derived(folded, words, cognates),
    isListed: (folded) => words.has(folded),
    languagesOf: (folded) => (words.get(folded) ?? 0) >> FIRST_LANGUAGE,
    markedAt: (folded, at) => markedAt(folded, at, marked, longest),
    isTitle: (written) => titles.has(written),
    isPair: (word, neighbour) => pairs.get(word)?.has(neighbour) ?? false,
    isNearlyNot: (folded) => nearly(folded) && !names().all.has(folded),
  }
}

type Words = ReadonlyMap<string, number>

function rolesIn(words: Words, word: string): number | undefined {
  const found = words.get(word)
  return found === undefined ? undefined : found & ROLES
}

/** Roles that a word has in every language. */
const SHARED = CHANGES_MEANING | CONTRAST | TECHNIQUE | ANATOMY | FINDING

/** The roles of all words that share an international form, together. */
function cognatesOf(words: Words): Words {
  const cognates = new Map<string, number>()
  for (const [word, role] of words) {
    const form = (role & PARTNER) === 0 ? internationalForm(word) : undefined
    if (form !== undefined) cognates.set(form, (cognates.get(form) ?? 0) | (role & SHARED))
  }
  return cognates
}

/**
 * The roles of a plural, a cognate, a compound, or a word with a purely medical ending; never of a
 * name.
 */
function derived(folded: string, words: Words, cognates: Words): number {
  if (folded.length < 4 || names().all.has(folded)) return 0
  const singular = /^(.{3,}?)(?:es|s)$/.exec(folded)?.[1]
  const known =
    (singular === undefined ? undefined : rolesIn(words, singular)) ??
    (folded.endsWith('s') ? rolesIn(words, folded.slice(0, -1)) : undefined)
  if (known !== undefined) return known & ~TITLE
  const form = internationalForm(folded)
  const cognate = form === undefined ? 0 : (cognates.get(form) ?? 0)
  if (cognate !== 0) return cognate
  return isClinical(folded) ? FINDING : compoundOf(folded, (part) => rolesIn(words, part) ?? 0)
}

const isAlone = (character: string): boolean => !/[\p{L}\p{N}]/u.test(character)

function markedAt(
  folded: string,
  at: number,
  marked: ReadonlySet<string>,
  longest: number,
): number {
  const limit = Math.min(longest, folded.length - at)
  for (let length = limit; length > 0; length--) {
    const word = folded.slice(at, at + length)
    if (!marked.has(word)) continue
    // `w/` and `o.` may precede anything; `c-` followed by `spine` would be another word.
    if (/[/.]$/.test(word) || isAlone(folded.charAt(at + length))) return length
  }
  return 0
}

/**
 * Matches words that differ from a negation by one letter added, missing, replaced or swapped;
 * short ones only if one is added, missing or swapped.
 */
function near(negations: readonly string[]): (word: string) => boolean {
  const cut = new Set<string>()
  const own = new Set<string>()
  for (const word of negations.filter((one) => /^[a-z]{5,}$/.test(one))) {
    own.add(word)
    for (const shorter of shortened(word)) cut.add(shorter)
  }
  return (word) => {
    if (word.length < 4 || word.length > 20) return false
    if (cut.has(word)) return true
    const [long, swaps] = [word.length >= 7, swapped(word)]
    if (swaps.some((one) => own.has(one))) return true
    return shortened(word).some((one) => own.has(one) || (long && cut.has(one)))
  }
}

const shortened = (word: string): string[] =>
  Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))
const swapped = (word: string): string[] =>
  Array.from(
    word.slice(1),
    (letter, at) => word.slice(0, at) + letter + word.charAt(at) + word.slice(at + 2),
  )
