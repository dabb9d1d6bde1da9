/** Finds what belongs to a name that was found: initials, its other words, and words before it. */
import { ANATOMY, CHANGES_MEANING, FINDING, SIDE, TITLE } from './roles.js'
import { hasNegatingStem } from './transparent.js'
import type { Token, Tokens } from './tokens.js'
import { names } from './vocabulary.js'

/** Words that are meaningless without the name after them. */
const PATIENTS: ReadonlySet<string> = new Set(
  'patient patients patientin patiente paciente paziente patientens pat pat. pt pt. pte pte. pz pz. pcte utente doente patienten'.split(
    ' ',
  ),
)
const IS_CAPITAL = /^\p{Lu}/u
const HAS_CAPITAL = /\p{Lu}/u

/** Marks the tokens that belong to names already marked. */
export function joinNames(tokens: Tokens): void {
  joinCarets(tokens)
  joinUnknownInitials(tokens)
  joinHyphens(tokens)
  joinGivenNames(tokens)
  joinUnknown(tokens)
  joinInitials(tokens)
  joinPatients(tokens)
}

/**
 * Whether a token and the next are separated only by spaces, full stops, apostrophes or hyphens.
 */
export const isSpaced = ({ text, tokens }: Tokens, index: number): boolean => {
  const [one, other] = [tokens[index], tokens[index + 1]]
  return (
    one !== undefined && other !== undefined && /^[\s.'’-]*$/.test(text.slice(one.end, other.start))
  )
}

/** A single letter, possibly with a full stop. */
export const isInitial = ({ folded }: Token): boolean => /^\p{L}\.?$/u.test(folded)

/** `Pat. Müller`: without the name, the first word is meaningless. */
function joinPatients(tokens: Tokens): void {
  const { tokens: all } = tokens
  all.forEach((token, index) => {
    const next = all[index + 1]
    if (
      next?.cut !== undefined &&
      next.kind === 'word' &&
      next.roles === 0 &&
      PATIENTS.has(token.folded) &&
      isSpaced(tokens, index) &&
      (next.cut === 'name' || isOnlyCapital(tokens, next))
    )
      token.cut = next.cut = 'name'
  })
}

/** A caret separates the components of a person's name and is used for nothing else. */
function joinCarets({ text, tokens }: Tokens): void {
  tokens.forEach((token, index) => {
    const next = tokens[index + 1]
    if (next && text.slice(token.end, next.start).includes('^')) token.cut = next.cut = 'name'
  })
}

/**
 * Capitalized but not all capitals, as a name would be; an adverb after `patient` is in lower case.
 */
const isOnlyCapital = (tokens: Tokens, token: Token): boolean =>
  isCapitalized(tokens, token) && /\p{Ll}/u.test(tokens.text.slice(token.start, token.end))

/** `Whitfield J`, `J. Whitfield`: an unknown word next to an initial. */
function joinUnknownInitials(tokens: Tokens): void {
  const { tokens: all } = tokens
  all.forEach((token, index) => {
    if (token.cut !== 'unknown' || token.roles !== 0 || token.kind !== 'word') return
    const isBeside = (at: number, from: number) => {
      const one = all[at]
      const isLetter = one?.kind === 'word' && isInitial(one) && isCapitalized(tokens, one)
      return isLetter && (one.roles & SIDE) === 0 && isSpaced(tokens, from)
    }
    if (isBeside(index + 1, index) || isBeside(index - 1, index - 1)) token.cut = 'name'
  })
}

/** `Hand-Miller`, but not `T2-Smith` or `Smith_knee`. */
function joinHyphens({ text, tokens }: Tokens): void {
  tokens.forEach((token, index) => {
    const next = tokens[index + 1]
    if (!next || text.slice(token.end, next.start) !== '-') return
    for (const [one, other] of [
      [token, next],
      [next, token],
    ] as const)
      if (
        one.cut === 'name' &&
        one.kind === 'word' &&
        other.cut === undefined &&
        other.kind === 'word'
      )
        if ((other.roles & CHANGES_MEANING) === 0 && other.folded.length > 2) other.cut = 'name'
  })
}

/** `JANE FOOT` and `FOOT, JANE`: a given name with no other family name next to it. */
function joinGivenNames(tokens: Tokens): void {
  const { text, tokens: all } = tokens
  all.forEach((token, index) => {
    if (token.cut !== 'name' || !names().given.has(token.folded)) return
    const [before, after] = [all[index - 1], all[index + 1]]
    const isBeside = (one: Token | undefined) => one?.cut !== undefined && one.kind === 'word'
    if (isBeside(before) || isBeside(after)) return
    if (
      before &&
      /^,\s?$/.test(text.slice(before.end, token.start)) &&
      isFirstOfClause(tokens, index - 1)
    ) {
      if (mayBeFamily(before)) before.cut = 'name'
      return
    }
    if (
      after &&
      mayBeFamily(after) &&
      /^\s$/.test(text.slice(token.end, after.start)) &&
      (isCapitalized(tokens, after) || !HAS_CAPITAL.test(text))
    )
      after.cut = 'name'
  })
}

const mayBeFamily = ({ kind, roles, folded }: Token): boolean =>
  kind === 'word' &&
  folded.length > 2 &&
  (roles & (ANATOMY | FINDING)) !== 0 &&
  (roles & (CHANGES_MEANING | SIDE)) === 0

export const isCapitalized = ({ text }: Tokens, { start, end }: Token): boolean =>
  IS_CAPITAL.test(text.slice(start, end))

function isFirstOfClause({ text, tokens }: Tokens, index: number): boolean {
  const [token, before] = [tokens[index], tokens[index - 1]]
  return (
    token !== undefined &&
    (before === undefined || /[,;:.|\n()]/.test(text.slice(before.end, token.start)))
  )
}

/** An unknown word next to a name is part of it. */
function joinUnknown(tokens: Tokens): void {
  const { tokens: all } = tokens
  const join = (index: number, from: number): void => {
    const [token, name] = [all[index], all[from]]
    if (token?.cut !== 'unknown' || name?.cut !== 'name' || name.kind !== 'word') return
    // A name follows its title (`not conditional Dr. Smith`), and is not followed by words in lower
    // case (`cannot Smith xyzed`).
    if (index < from && (name.roles & TITLE) !== 0) return
    if (isCapitalized(tokens, name) && !isCapitalized(tokens, token)) return
    if (hasNegatingStem(token.folded)) return
    if (token.roles === 0 && token.kind === 'word' && isSpaced(tokens, Math.min(index, from)))
      token.cut = 'name'
  }
  for (let index = 1; index < all.length; index++) join(index, index - 1)
  for (let index = all.length - 2; index >= 0; index--) join(index, index + 1)
}

/** A single capital next to a name: `J. Smith`. L and R without a full stop are sides. */
function joinInitials(tokens: Tokens): void {
  const { text, tokens: all } = tokens
  all.forEach((token, index) => {
    if (token.cut === 'name' || token.kind !== 'word' || !isInitial(token)) return
    const isDotted = token.folded.endsWith('.') || text.charAt(token.end) === '.'
    if ((token.roles & SIDE) !== 0 && !isDotted) return
    if (!isCapitalized(tokens, token)) return
    const isName = (at: number, from: number) =>
      all[at]?.cut === 'name' && all[at].kind === 'word' && isSpaced(tokens, from)
    if (!isName(index + 1, index) && !isName(index - 1, index - 1)) return
    token.cut = 'name'
    token.roles = 0
  })
}
