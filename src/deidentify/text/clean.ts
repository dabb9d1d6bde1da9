/**
 * Clean Descriptors (PS3.15 E.3.4): removes whatever names a person from a text, without ever
 * changing the meaning of the rest. Words keep their spelling and order; every cut leaves `[...]`.
 */
import { clausesOf, judgeClauses } from './clauses.js'
import { judgeNumbers } from './neighbours.js'
import { isForbidden, judgePeople, type Forbidden } from './people.js'
import { PARTNER } from './roles.js'
import { MARK, tokensOf, type Tokens } from './tokens.js'
import type { Vocabulary } from './vocabulary.js'

export interface Cleaning {
  /**
   * Folded words of the names in the header: none of them is kept, even if the vocabulary contains
   * it.
   */
  readonly forbidden: Forbidden
  readonly vocabulary: Vocabulary
  /** Maximum length of the result in characters; whole clauses are dropped until it fits. */
  readonly longest: number
  /** In prose, a sentence is removed as a whole if any part of it must be removed. */
  readonly isProse: boolean
}

/**
 * Cache of the most recent texts that contain no name of a header: scanners write the same texts
 * into every slice.
 */
const known = new WeakMap<Vocabulary, Map<string, Known>>()
const TEXTS = 500
const LONGEST_KNOWN = 256

interface Known {
  readonly result: string
  readonly words: readonly string[]
}

/** Returns the empty string when nothing is kept. */
export function cleanText(text: string, cleaning: Cleaning): string {
  const { forbidden, vocabulary, longest, isProse } = cleaning
  const texts = known.get(vocabulary) ?? new Map<string, Known>()
  known.set(vocabulary, texts)
  const key = `${longest} ${isProse ? 'p' : ''} ${text}`
  const before = texts.get(key)
  if (before?.words.every((word) => !isForbidden(word, forbidden))) return before.result
  const all = tokensOf(text, vocabulary)
  const words = all.tokens.map(({ folded }) => folded)
  const result = cleanTokens(all, cleaning)
  if (text.length > LONGEST_KNOWN || words.some((word) => isForbidden(word, forbidden)))
    return result
  if (texts.size >= TEXTS) texts.clear()
  texts.set(key, { result, words })
  return result
}

function cleanTokens(all: Tokens, { forbidden, vocabulary, longest, isProse }: Cleaning): string {
  judgePartners(all, vocabulary)
  judgePeople(all, forbidden, vocabulary)
  judgeNumbers(all)
  judgeClauses(all, isProse)
  if (all.tokens.some(({ cut }) => cut !== undefined)) return fitted(all, longest)
  const plain = written(all)
  return plain.length <= Math.max(longest, all.text.length) ? plain : ''
}

/** Words that may separate two partners: circle of Willis, polygone de Willis. */
const OF: ReadonlySet<string> = new Set(['of', 'de', 'di', 'van', 'von', 'do', 'del', 'nach'])

/** A word that needs its partner counts as unknown without it. */
function judgePartners({ tokens }: Tokens, vocabulary: Vocabulary): void {
  tokens.forEach((token, index) => {
    if (token.roles !== PARTNER) return
    const neighbours = [-1, 1].map((step) => {
      const beside = tokens[index + step]
      return beside && OF.has(beside.folded) ? tokens[index + 2 * step] : beside
    })
    const isPair = neighbours.some((one) => one && vocabulary.isPair(token.folded, one.folded))
    if (!isPair) token.cut = 'unknown'
  })
}

/**
 * Matches everything in a gap other than harmless signs, and is replaced by a space. Letters and
 * digits are in tokens.
 */
const GAP = /[^\s!-/:-@[-`{-~–—−’‘“”„«»…°±µμ×÷≤≥≈§¿¡·•²³¹½¼¾®™€£©ª]/gu

function written({ text, tokens }: Tokens): string {
  let result = ''
  let at = 0
  /** The last thing written was a mark. */
  let isMarked = false
  for (const token of tokens) {
    const gap = text.slice(at, token.start).replace(GAP, ' ')
    if (token.cut === undefined) {
      result += (isMarked ? gapAfter(gap) : gap) + text.slice(token.start, token.end)
      isMarked = false
    } else if (!isMarked) {
      result += gapBefore(gap) + MARK
      isMarked = true
    }
    at = token.end
  }
  const end = text.slice(at).replace(GAP, ' ')
  return balanced(result + (isMarked ? gapAfter(end) : end)).trim()
}

/** Drops a bracket next to a mark if its other half was cut. */
function balanced(text: string): string {
  const [opened, closed] = [text.split('(').length, text.split(')').length]
  if (opened > closed) return text.replace(`(${MARK}`, MARK)
  return closed > opened ? text.replace(`${MARK})`, MARK) : text
}

/**
 * Opening signs are kept before a mark and closing signs after it; abbreviation points and the like
 * are dropped.
 */
const gapBefore = (gap: string): string => gap.replace(/[.@#*&'"<>=~]+$/, '')
const gapAfter = (gap: string): string => gap.replace(/^[.@#*&'"<>=~]+/, '')

/** Drops clauses from the end until the result fits; empty when none is left. */
function fitted(all: Tokens, longest: number): string {
  const clauses = clausesOf(all)
  for (let kept = clauses.length; ; kept--) {
    if (!all.tokens.some(({ cut }) => cut === undefined)) return ''
    const result = squeezed(written(all))
    if (result.length <= longest) return result
    const last = clauses[kept - 1]
    if (!last) return ''
    for (const token of all.tokens.slice(last.start, last.end)) token.cut ??= 'unknown'
  }
}

const squeezed = (text: string): string =>
  text
    .replace(/(?:\[\.\.\.\][\s,;:|/_-]*){2,}/g, `${MARK} `)
    .replace(/[ \t]{2,}/g, ' ')
    .trim()
