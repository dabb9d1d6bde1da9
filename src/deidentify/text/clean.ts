/**
 * Clean Descriptors (PS3.15 E.3.4): text without what names anybody, which never says something
 * else than before. Words stay as they were written, in their order; every cut leaves `[...]`.
 */
import { clausesOf, judgeClauses } from './clauses.js'
import { judgeNumbers } from './neighbours.js'
import { isForbidden, judgePeople, type Forbidden } from './people.js'
import { PARTNER } from './roles.js'
import { MARK, tokensOf, type Tokens } from './tokens.js'
import type { Vocabulary } from './vocabulary.js'

export interface Cleaning {
  /** Folded words of the header's names: none of them stays, even one that the vocabulary has. */
  readonly forbidden: Forbidden
  readonly vocabulary: Vocabulary
  /** Characters that the result may have: whole clauses go until it fits. */
  readonly longest: number
  /** A sentence in which anything must go goes whole. */
  readonly isProse: boolean
}

/**
 * The last texts in which no name of a header stood: slices, and scanners, write the same again.
 */
const known = new WeakMap<Vocabulary, Map<string, Known>>()
const TEXTS = 500
const LONGEST_KNOWN = 256

interface Known {
  readonly result: string
  readonly words: readonly string[]
}

/** Empty when nothing stays. */
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

/** A word that needs its partner is unknown without it. */
function judgePartners({ tokens }: Tokens, vocabulary: Vocabulary): void {
  tokens.forEach((token, index) => {
    if (token.roles !== PARTNER) return
    const neighbours = [tokens[index - 1], tokens[index + 1]]
    const isPair = neighbours.some((one) => one && vocabulary.isPair(token.folded, one.folded))
    if (!isPair) token.cut = 'unknown'
  })
}

/**
 * Signs that mean nothing to anybody's identity. Letters and digits are tokens; anything else
 * becomes a space.
 */
const GAP = /[^\s!-/:-@[-`{-~–—−’‘“”„«»…°±µμ×÷≤≥≈§¿¡·•²³¹½¼¾®™€£©ª]/gu

function written({ text, tokens }: Tokens): string {
  let result = ''
  let at = 0
  /** A mark was written last, and nothing since. */
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

/** A bracket beside a mark whose other half is gone goes too. */
function balanced(text: string): string {
  const [opened, closed] = [text.split('(').length, text.split(')').length]
  if (opened > closed) return text.replace(`(${MARK}`, MARK)
  return closed > opened ? text.replace(`${MARK})`, MARK) : text
}

/**
 * Opening signs stay before a mark, closing ones behind it; points of abbreviations and the like
 * go.
 */
const gapBefore = (gap: string): string => gap.replace(/[.@#*&'"<>=~]+$/, '')
const gapAfter = (gap: string): string => gap.replace(/^[.@#*&'"<>=~]+/, '')

/** The result with clauses dropped from its end until it fits; empty when none does. */
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
