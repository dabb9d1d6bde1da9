/**
 * Names in text: words in the position of a name are cut, even if the vocabulary contains them
 * (`PER DR FOOT`).
 */
import {
  AFTER_NAME,
  AGENT,
  ANATOMY,
  BY,
  CHANGES_MEANING,
  FINDING,
  MAYBE,
  NOT,
  PLACE,
  TITLE,
  WITHOUT,
} from './roles.js'
import { isCapitalized, isInitial, isSpaced, joinNames } from './joined-names.js'
import type { Token, Tokens } from './tokens.js'
import { names, type Vocabulary } from './vocabulary.js'

/** Folded words of the names in the header: cut wherever they occur. */
export type Forbidden = ReadonlySet<string>

/** Maximum number of words in one name after a title. */
const LONGEST_NAME = 4
/** Small words inside names. */
const PARTICLES: ReadonlySet<string> = new Set(
  'de da do dos das del della di du des la le van von vom der den ten ter zu zur el al bin ben y e e.'.split(
    ' ',
  ),
)
/** Other modalities: next to one of them, `DR` is not digital radiography but a doctor. */
const MODALITIES: ReadonlySet<string> = new Set('ct mr mri us pet xr cr dx nm mg rf xa'.split(' '))

export function judgePeople(tokens: Tokens, forbidden: Forbidden, vocabulary: Vocabulary): void {
  const { tokens: all } = tokens
  judgeForeign(all, vocabulary)
  const hasProperNouns = writesNounsSmall(tokens, vocabulary)
  all.forEach((token, index) => {
    if (isForbidden(token.folded, forbidden)) token.cut = 'name'
    else if (token.cut !== 'unknown') return
    else if (names().all.has(token.folded)) token.cut = 'name'
    else if (hasProperNouns && isProperNoun(tokens, index)) token.cut = 'name'
  })
  all.forEach((token, index) => {
    if (isTitle(tokens, index)) takeName(tokens, index)
    else if ((token.roles & AFTER_NAME) !== 0 && index > 0) takeBefore(tokens, index)
    else if ((token.roles & (AGENT | PLACE)) !== 0) takeAgent(tokens, index)
  })
  joinNames(tokens)
}

/**
 * A name that is a word only in a language that the rest of the text does not use: `ABDOMEN
 * DELGADO`.
 */
function judgeForeign(all: readonly Token[], vocabulary: Vocabulary): void {
  let written = 0
  for (const { folded } of all) {
    const languages = vocabulary.languagesOf(folded)
    if ((languages & ENGLISH) === 0 && !names().all.has(folded)) written |= languages
  }
  for (const token of all) {
    const languages = vocabulary.languagesOf(token.folded)
    if (languages === 0 || (languages & (ENGLISH | written)) !== 0) continue
    if (names().all.has(token.folded)) token.cut = 'name'
  }
}
const ENGLISH = 1

/**
 * Whether the text has sentences in a language that capitalizes only names, so not German, and not
 * a title's capitals.
 */
function writesNounsSmall(tokens: Tokens, vocabulary: Vocabulary): boolean {
  let hasSmall = false
  for (const token of tokens.tokens) {
    const languages = vocabulary.languagesOf(token.folded)
    if (languages !== 0 && (languages & ~GERMAN) === 0) return false
    const isSmall = token.folded.length > 2 && !isCapitalized(tokens, token)
    if (isSmall && token.kind === 'word' && token.cut === undefined) hasSmall = true
  }
  return hasSmall
}
const GERMAN = 2

/**
 * `for Quintavalle`: a capitalized unknown word after another word, where no negation would be
 * capitalized.
 */
function isProperNoun(tokens: Tokens, index: number): boolean {
  const { text, tokens: all } = tokens
  const [before, token] = [all[index - 1], all[index]]
  if (!before || token?.kind !== 'word' || token.roles !== 0) return false
  const isWritten = /^\p{Lu}\p{Ll}+$/u.test(text.slice(token.start, token.end))
  return isWritten && token.folded.length > 3 && /^ $/.test(text.slice(before.end, token.start))
}

/** Whether a word is one of the header's names, or contains one between its signs and digits. */
export const isForbidden = (folded: string, forbidden: Forbidden): boolean =>
  forbidden.has(folded) ||
  (SIGNED.test(folded) &&
    [/[^\p{L}\p{N}]+/u, /[^\p{L}]+/u].some((signs) =>
      folded.split(signs).some((part) => part.length > 1 && forbidden.has(part)),
    ))
const SIGNED = /[^\p{L}]/u

const hasLowerCase = ({ text }: Tokens): boolean => /\p{Ll}/u.test(text)

function isTitle(tokens: Tokens, index: number): boolean {
  const token = tokens.tokens[index]
  if (!token || (token.roles & TITLE) === 0 || token.cut !== undefined) return false
  const isUpper = tokens.text.slice(token.start, token.end) === 'DR'
  if (token.folded === 'dr' && isUpper && index === 0) {
    // `DR CHEST PA` is an X-ray; `DR FOOT CT ANKLE` is not.
    const isImage = !tokens.tokens.some(({ folded }) => MODALITIES.has(folded))
    if (isImage && tokens.text.charAt(token.end) !== '.') return false
  }
  const next = tokens.tokens[index + 1]
  if (!next || !/^[\s.:]*$/.test(tokens.text.slice(token.end, next.start))) return false
  // `OA knee` is osteoarthritis; `OA Wimmelbacher` is a doctor.
  return token.folded !== 'oa' || next.cut !== undefined || (next.roles & TITLE) !== 0
}

/** Cuts the title, `by` before it, and the name after it. */
function takeName(tokens: Tokens, index: number): void {
  const { tokens: all } = tokens
  const token = all[index]
  if (!token) return
  // Here it is a title, not the other meaning of the same letters (French `dr.`: right).
  token.cut = 'name'
  token.roles = TITLE
  let before = index - 1
  for (; (all[before]?.roles ?? 0) & BY && isSpaced(tokens, before); before--) {
    const by = all[before]
    if (!by || (by.roles & (CHANGES_MEANING & ~1)) !== 0) break
    by.cut = 'name'
    by.roles = BY
  }
  takeWords(tokens, index + 1)
}

/**
 * Cuts from `first` on: titles, initials and particles, then the name itself, then unknown words.
 */
function takeWords(tokens: Tokens, first: number): void {
  const end = takeOneName(tokens, first)
  const [last, joint] = [tokens.tokens[end - 1], tokens.tokens[end]]
  // `Dres. Baum und Ast`, `KS/Bones`: a second name follows the first.
  if (last?.cut !== undefined && joint && /^[/&+]$/.test(gapBetween(tokens, end - 1)))
    takeOneName(tokens, end)
  else if (PLURAL.has(tokens.tokens[first - 1]?.folded ?? '') && joint && AND.has(joint.folded))
    takeOneName(tokens, end + 1)
}

/** Titles of several people, and the words between their names. */
const PLURAL: ReadonlySet<string> = new Set(['dres', 'dres.', 'drs', 'drs.', 'drn'])
const AND: ReadonlySet<string> = new Set(['und', 'and', 'et', 'y', 'e', 'en', 'u', 'u.'])
const gapBetween = ({ text, tokens }: Tokens, index: number): string =>
  text.slice(tokens[index]?.end, tokens[index + 1]?.start)

/** Returns the index after the name. */
function takeOneName(tokens: Tokens, first: number): number {
  const { tokens: all } = tokens
  let hasName = false
  let at = first
  for (; at < all.length && at < first + LONGEST_NAME + 2; at++) {
    const token = all[at]
    if (token?.kind !== 'word') return at
    if (at > first && !isSpaced(tokens, at - 1)) return at
    const isSmall = isInitial(token) || PARTICLES.has(token.folded) || (token.roles & TITLE) !== 0
    // `Hart-de Long`: the particle belongs to the second half of the name.
    if (hasName && isSmall && gapBetween(tokens, at - 1) === '-') {
      token.cut = 'name'
      hasName = false
      continue
    }
    if (isSmall && !hasName && (token.roles & TITLE || all[at + 1])) {
      token.cut = 'name'
      token.roles &= TITLE
      continue
    }
    const isUnknown = token.cut !== undefined
    if (hasName && isUnknown && isSmallAfter(tokens, at)) return at
    if (hasName && !isUnknown && !isSecondWord(tokens, at)) return at
    token.cut = 'name'
    // In Sra. Izquierdo, the name is not a side; but a negation is never treated as just a name.
    token.roles &= NOT | MAYBE | WITHOUT
    hasName = true
  }
  return at
}

/**
 * After a given name, or with a capital in a text that has lower case, a word of the vocabulary is
 * the family name.
 */
function isSecondWord(tokens: Tokens, at: number): boolean {
  const [first, before, token] = [tokens.tokens[at - 2], tokens.tokens[at - 1], tokens.tokens[at]]
  if (!token || !before || token.folded.length === 1) return false
  const isOneWordSoFar = first?.cut === undefined || (first.roles & TITLE) !== 0
  if (!isOneWordSoFar) return false
  const mayBe = (token.roles & (ANATOMY | FINDING)) !== 0 && (token.roles & CHANGES_MEANING) === 0
  if (!mayBe || names().given.has(before.folded)) return mayBe
  return token.folded.length > 3 && hasLowerCase(tokens) && isCapitalized(tokens, token)
}

/** `Dr. Smith xyzed`: a word in lower case after a capitalized one. */
const isSmallAfter = (tokens: Tokens, at: number): boolean => {
  const [before, token] = [tokens.tokens[at - 1], tokens.tokens[at]]
  return (
    before !== undefined &&
    token !== undefined &&
    isCapitalized(tokens, before) &&
    !isCapitalized(tokens, token)
  )
}

function takeBefore(tokens: Tokens, index: number): void {
  const { text, tokens: all } = tokens
  const [token, before, first] = [all[index], all[index - 1], all[index - 2]]
  if (!token || !before || !/^[\s,.]{0,3}$/.test(text.slice(before.end, token.start))) return
  token.cut = 'name'
  token.roles = AFTER_NAME
  before.cut = 'name'
  if (first && (first.cut !== undefined || isInitial(first)) && isSpaced(tokens, index - 2))
    first.cut = 'name'
}

/** `requested by Foot`, `tech: Bone`. */
function takeAgent(tokens: Tokens, index: number): void {
  const { text, tokens: all } = tokens
  const [agent, next] = [all[index], all[index + 1]]
  if (!agent || !next) return
  const gap = text.slice(agent.end, next.start)
  const isBy = (agent.roles & AGENT) !== 0 && (next.roles & BY) !== 0 && /^\s+$/.test(gap)
  const isPlaced = /^\s*[:=]\s*$/.test(gap)
  if (!isBy && !isPlaced) return
  const name = isBy ? index + 2 : index + 1
  const token = all[name]
  if (!token || (isBy && !isSpaced(tokens, index + 1))) return
  // `performed with contrast`, `seen by radiologist`: not a name, so nothing is cut.
  const isWord = token.cut === undefined
  // `signe de cholécystite`: what it is a sign of, not who signed.
  if (isWord && isBy && next.folded === 'de') return
  const mayBe = (token.roles & (ANATOMY | FINDING)) !== 0 || names().all.has(token.folded)
  if (isWord && !(mayBe && isLastOfClause(tokens, name))) return
  if (isWord && !isBy && (agent.roles & PLACE) === 0) return
  takeWords(tokens, name)
}

function isLastOfClause({ text, tokens }: Tokens, index: number): boolean {
  const [token, next] = [tokens[index], tokens[index + 1]]
  return (
    token !== undefined &&
    (next === undefined || /[,;:.|\n()]/.test(text.slice(token.end, next.start)))
  )
}
