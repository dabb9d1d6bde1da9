/**
 * Judges a number by the tokens next to it: it is kept with its unit or label, or cut with them.
 */
import { isHarmless } from './numbers.js'
import { FINDING, ID_LABEL, LABEL, UNIT } from './roles.js'
import type { Token, Tokens } from './tokens.js'

const BARE = /^\d+(?:[.,]\d+|st|nd|rd|th)?$/
const isBare = (token: Token | undefined): token is Token =>
  token !== undefined && BARE.test(token.folded)
const has = (token: Token | undefined, roles: number): boolean =>
  token !== undefined && token.cut === undefined && (token.roles & roles) !== 0

/**
 * From this age on, few enough people are alive that it can identify a person (45 CFR
 * 164.514(b)(2)(i)(C)).
 */
const OLD = 90
const YEARS: ReadonlySet<string> = new Set(
  'y yo y/o yr yrs year years j j. jahre jahren jahrig jahrige jahriger ans an anos ano anni anno jaar jarige jr aged'.split(
    ' ',
  ),
)
const AGED: ReadonlySet<string> = new Set('age aged alter edad eta idade leeftijd agee'.split(' '))

export function judgeNumbers({ text, tokens }: Tokens): void {
  tokens.forEach((token, index) => {
    if (token.cut !== undefined || !isBare(token)) return
    if (isIdentifying(text, tokens, index)) token.cut = 'name'
  })
  joinMonths(tokens)
  joinBesideCuts({ text, tokens })
  for (const [index, token] of tokens.entries()) {
    if (token.cut === undefined || token.kind !== 'number') continue
    const [before, after] = [tokens[index - 1], tokens[index + 1]]
    if (after && has(after, UNIT) && !has(after, FINDING) && isBeside(text, token, after))
      after.cut = 'name'
    if (before && has(before, LABEL | ID_LABEL) && isBeside(text, before, token))
      before.cut = 'name'
  }
}

function isIdentifying(text: string, tokens: readonly Token[], index: number): boolean {
  const token = tokens[index]
  if (!token) return false
  const [before, after] = [tokens[index - 1], tokens[index + 1]]
  if (has(before, ID_LABEL) && !has(before, LABEL)) return true
  const isAge = YEARS.has(after?.folded ?? '') || AGED.has(before?.folded ?? '')
  if (isAge && Number(token.folded) >= OLD) return true
  if (isOfDayAndMonth(text, tokens, index)) return true
  if (isHarmless(token.folded)) return false
  const isMeasured =
    (has(after, UNIT) && after !== undefined && /^\s?$/.test(text.slice(token.end, after.start))) ||
    has(before, LABEL)
  // At most four digits before the decimal point, and never a number that looks like a year.
  const [whole = ''] = token.folded.split(/[.,]/)
  return !isMeasured || whole.length > 4 || /^(?:19|20)\d\d$/.test(token.folded)
}

/** `3/4`, which may be a day and month, unless it belongs to a label, a vertebra or a unit. */
function isOfDayAndMonth(text: string, tokens: readonly Token[], index: number): boolean {
  const pairAt = (first: number): boolean => {
    const [one, other] = [tokens[first], tokens[first + 1]]
    if (!isBare(one) || !isBare(other) || text.slice(one.end, other.start) !== '/') return false
    const isDay = (word: string) =>
      /^\d{1,2}$/.test(word) && Number(word) >= 1 && Number(word) <= 31
    if (!isDay(one.folded) || !isDay(other.folded)) return false
    if (Number(one.folded) > 12 && Number(other.folded) > 12) return false
    const [before, after] = [tokens[first - 1], tokens[first + 2]]
    return !has(before, LABEL) && !has(after, UNIT) && text.charAt(one.start - 1) !== '/'
  }
  return pairAt(index) || pairAt(index - 1)
}

/**
 * Month names in seven languages, in full and abbreviated, folded. None is in the vocabulary,
 * except those that are also ordinary words.
 */
const MONTHS: ReadonlySet<string> = new Set(
  (
    'january jan januar janner janvier enero ene gennaio gen januari janeiro february feb februar fevrier fev febrero febbraio februari ' +
    'fevereiro march mar marz maerz mars marzo maart mrt marco april apr avril avr abril abr aprile may mai mayo maggio mag mei maio ' +
    'june jun juni juin junio giugno giu junho july jul juli juillet juil julio luglio lug julho august aug aout agosto ago augustus ' +
    'september sep sept septembre septiembre settembre set setembro october oct oktober okt octobre octubre ottobre ott outubro ' +
    'november nov novembre noviembre novembro december dec dezember dez decembre diciembre dic dicembre dezembro'
  ).split(' '),
)
const BETWEEN: ReadonlySet<string> = new Set(['de', 'of', 'del', 'den', 'the', 'di'])

/** A month with a number before or after it is a date. */
function joinMonths(tokens: readonly Token[]): void {
  tokens.forEach((month, index) => {
    if (month.kind !== 'word' || month.cut === undefined || !MONTHS.has(month.folded)) return
    month.cut = 'name'
    for (const step of [-1, 1]) {
      const beside = tokens[index + step]
      const number = beside && BETWEEN.has(beside.folded) ? tokens[index + 2 * step] : beside
      if (!isBare(number)) continue
      number.cut = 'name'
      if (beside && beside !== number) beside.cut = 'name'
    }
  })
}

/**
 * A number next to one that is cut is part of it (555 123-4567, 12 MAR 1970), unless it has its own
 * unit or label.
 */
function joinBesideCuts({ text, tokens }: Tokens): void {
  const join = (index: number, from: number): void => {
    const [token, cut] = [tokens[index], tokens[from]]
    if (!isBare(token) || token.cut !== undefined || cut?.cut === undefined) return
    const [before, after] = [tokens[index - 1], tokens[index + 1]]
    const gap = index < from ? text.slice(token.end, cut.start) : text.slice(cut.end, token.start)
    if (/[,;:|\n]/.test(gap) && cut.kind !== 'number') return
    // `4-112` is one number.
    if (gap === '-' && cut.kind === 'number' && token.folded.length > 2) {
      token.cut = cut.cut
      return
    }
    const isOwn =
      (from !== index + 1 && has(after, UNIT | LABEL | FINDING)) ||
      (from !== index + 1 && cut.kind !== 'number' && has(after, ~0) && !isBare(after)) ||
      (from !== index - 1 && has(before, LABEL))
    // A count may belong to what is kept; three digits are part of a telephone number.
    if (!isOwn) token.cut = token.folded.length > 2 ? cut.cut : 'unknown'
  }
  for (let index = 1; index < tokens.length; index++) join(index, index - 1)
  for (let index = tokens.length - 2; index >= 0; index--) join(index, index + 1)
}

const isBeside = (text: string, one: Token, other: Token): boolean =>
  /^[\s:.#=]*$/.test(text.slice(one.end, other.start)) && other.start - one.end < 4
