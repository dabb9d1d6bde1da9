/**
 * Splits text into tokens: words, numbers, and meaningful signs. The text between two tokens is a
 * gap.
 */
import { fold, isPlain } from './fold.js'
import { numberAt, judgeMixed } from './numbers.js'
import { BROAD, MAYBE, NOT, TECHNIQUE, TITLE } from './roles.js'
import type { Vocabulary } from './vocabulary.js'
import { isWordShaped } from './word-shapes.js'
import type { Cut } from './cut.js'

export interface Token {
  readonly start: number
  end: number
  readonly folded: string
  readonly kind: 'word' | 'number' | 'sign'
  roles: number
  cut: Cut | undefined
}

export interface Tokens {
  readonly text: string
  readonly tokens: readonly Token[]
}

// U+FFFD stands for a letter that the character set could not decode; a word with it stays one
// word.
const LETTER = /[\p{L}\p{M}\ufffd]/u
const ALNUM = /[\p{L}\p{M}\p{N}\ufffd]/u
const WORD = /[\p{L}\p{M}\p{N}\ufffd]+/uy
/** Signs that negate or question; `(-)` is in the word lists. */
const SIGNS: Readonly<Record<string, number>> = { '?': MAYBE, Ø: NOT, ø: NOT, '∅': NOT, '⊘': NOT }
/** Elided words that French and Italian join to the next word. */
const ELISIONS: ReadonlySet<string> = new Set(
  'l d s c j m t qu n un all dall dell nell sull coll quell dagl degl negl sugl quest lorsqu jusqu puisqu presqu aujourd t'.split(
    ' ',
  ),
)
const MAY_BE_ADDRESS = /[@:]|www\./i
/** An e-mail or web address. */
const ADDRESS = /[^\s<>(),;]*(?:@|:\/\/|www\.)[^\s<>(),;]*/iy
/** The mark that cleaning itself leaves. */
export const MARK = '[...]'

export function tokensOf(text: string, vocabulary: Vocabulary): Tokens {
  const lower = foldedInPlace(text)
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const token = tokenAt(text, lower, at, vocabulary)
    if (token) {
      tokens.push(token)
      at = token.end
    } else {
      at++
    }
  }
  return { text, tokens }
}

function tokenAt(
  text: string,
  lower: string,
  at: number,
  vocabulary: Vocabulary,
): Token | undefined {
  const character = text.charAt(at)
  if (character === ' ') return undefined
  if (character === '[' && text.startsWith(MARK, at)) return undefined
  const begins = !ALNUM.test(text.charAt(at - 1))
  if (begins) {
    ADDRESS.lastIndex = at
    const address = MAY_BE_ADDRESS.test(text.slice(at, at + 80))
      ? ADDRESS.exec(text)?.[0]
      : undefined
    if (address) return word(lower, at, at + address.length, 0, 'name')
    const length = vocabulary.markedAt(lower, at)
    if (length > 0) return wordAt(text, lower, at, at + length, vocabulary)
  }
  const sign = SIGNS[character]
  if (sign !== undefined && !ALNUM.test(text.charAt(at + 1)) && (begins || character === '?'))
    return signAt(lower, at, sign)
  if (character === '?') return signAt(lower, at, MAYBE)
  if (!ALNUM.test(character)) return undefined
  if (!LETTER.test(character)) {
    const found = numberAt(text, lower, at, vocabulary)
    if (found) return number(lower, at, found.end, found.roles, found.cut)
  }
  WORD.lastIndex = at
  const end = at + (WORD.exec(text)?.[0].length ?? 1)
  return wordAt(text, lower, at, end, vocabulary)
}

function wordAt(
  text: string,
  lower: string,
  at: number,
  end: number,
  vocabulary: Vocabulary,
): Token {
  const folded = unified(lower.slice(at, end))
  if (/['’´`]/.test(text.charAt(end)) && ELISIONS.has(folded))
    return word(lower, at, end, folded === 'n' ? NOT : TECHNIQUE)
  if (folded.length === 1 && /['’´`]/.test(text.charAt(at - 1)))
    return word(lower, at, end, TECHNIQUE)
  const dotted = text.charAt(end) === '.' ? text.slice(at, end + 1) : ''
  const title =
    vocabulary.isTitle(text.slice(at, end)) || (dotted !== '' && vocabulary.isTitle(dotted))
      ? TITLE
      : 0
  const known = vocabulary.rolesOf(folded) | title
  if (known !== 0) return word(lower, at, end, known)
  const humped = rolesOfHumps(text.slice(at, end), vocabulary)
  if (humped !== 0) return word(lower, at, end, humped)
  if (/\d/.test(folded)) {
    const { roles, cut } = judgeMixed(folded, vocabulary)
    return roles === 0 ? word(lower, at, end, 0, cut) : number(lower, at, end, roles, cut)
  }
  // Kept, but with the most cautious role: it may negate or question what is next to it.
  if (isWordShaped(text.slice(at, end), folded, isCased(text))) return word(lower, at, end, BROAD)
  return word(lower, at, end, vocabulary.isNearlyNot(folded) ? NOT : 0, 'unknown')
}

/** `Knee of`, so that a name would have a capital; not `KNEE of` or `knee of`. */
const isCased = (text: string): boolean => /\p{Lu}\p{Ll}/u.test(text)

/** `TotalDLP`, `SpiralHead`: every part between capitals is known. */
function rolesOfHumps(written: string, vocabulary: Vocabulary): number {
  const parts = written.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+/gu) ?? []
  if (parts.length < 2 || parts.length > 5 || parts.join('') !== written) return 0
  let roles = 0
  for (const part of parts) {
    const own = part.length < 2 ? 0 : vocabulary.rolesOf(fold(part))
    if (own === 0) return 0
    roles |= own
  }
  return roles & ~TITLE
}

const word = (lower: string, start: number, end: number, roles: number, cut?: Cut): Token => ({
  start,
  end,
  folded: unified(lower.slice(start, end)),
  kind: 'word',
  roles,
  cut,
})

const number = (lower: string, start: number, end: number, roles: number, cut?: Cut): Token => ({
  start,
  end,
  folded: unified(lower.slice(start, end)),
  kind: 'number',
  roles,
  cut,
})

const signAt = (lower: string, start: number, roles: number): Token => ({
  start,
  end: start + 1,
  folded: unified(lower.slice(start, start + 1)),
  kind: 'sign',
  roles,
  cut: undefined,
})

/** Folded if it has characters such as ß and œ, which fold to two letters. */
const unified = (word: string): string => (isPlain(word) ? word : fold(word))

/**
 * Folds character by character, so that positions are preserved; a character that folds to several
 * letters is left alone.
 */
function foldedInPlace(text: string): string {
  const whole = fold(text)
  if (whole.length === text.length) return whole
  return Array.from({ length: text.length }, (_, at) => {
    const one = fold(text.charAt(at))
    return one.length === 1 ? one : text.charAt(at).toLowerCase()
  }).join('')
}
