/**
 * Decides what else must be cut where something is cut. A text is a series of clauses, each ending
 * where a sentence does. A clause is a series of segments, separated by commas and the like. If a
 * cut could change the meaning of the rest, the rest is cut too: the segment, or the whole clause
 * if it contains a word on which the truth of all of it depends.
 */
import { isHeading } from './headings.js'
import {
  ANATOMY,
  BOUND,
  BROAD,
  CHANGES_MEANING,
  CONTRAST,
  FINDING,
  MAYBE,
  NOT,
  SIDE,
  TECHNIQUE,
  WITH,
  WITHOUT,
} from './roles.js'
import { withoutTransparent } from './transparent.js'
import { MARK, type Token, type Tokens } from './tokens.js'

/** Tokens from `start` up to `end`, exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Ends a sentence. A word with a full stop may be an abbreviation in mid-sentence, so only a known
 * long word ends one.
 */
const SENTENCE = /[.!]+(?:\s|$)|\n\s*\n/
const SEGMENT = /[,;:|\n()[\]{}•·]|\s[-–—/]+\s|\/\/|--/
/** A shorter word with a full stop may be an abbreviation. */
const LONG_WORD = 4

export function clausesOf({ text, tokens }: Tokens): Span[] {
  return split(
    tokens,
    (one, gap, before) => {
      // A question mark directly after a word asks about what precedes it, and ends there.
      if (one.folded === '?' && before?.end === one.start && /^\s+$/.test(gap)) return true
      if (gap.includes(MARK) || /\n\s*\n/.test(gap)) return true
      if (!SENTENCE.test(gap)) return false
      const isLong = one.end - one.start >= LONG_WORD && !one.folded.endsWith('.')
      const isKnown = one.cut === 'name' || (one.cut === undefined && one.roles !== 0)
      return (
        gap.startsWith('!') || (one.kind === 'word' && isLong && isKnown) || /\.\s*\n/.test(gap)
      )
    },
    text,
  )
}

export const segmentsOf = ({ text, tokens }: Tokens, { start, end }: Span): Span[] =>
  split(tokens.slice(start, end), (_, gap) => SEGMENT.test(gap), text).map((span) => ({
    start: span.start + start,
    end: span.end + start,
  }))

function split(
  tokens: readonly Token[],
  ends: (one: Token, gap: string, before: Token | undefined) => boolean,
  text: string,
): Span[] {
  const spans: Span[] = []
  let start = 0
  tokens.forEach((token, index) => {
    const next = tokens[index + 1]
    if (next && !ends(token, text.slice(token.end, next.start), tokens[index - 1])) return
    spans.push({ start, end: index + 1 })
    start = index + 1
  })
  return spans
}

/** Marks every token that must be cut because of those already marked. */
export function judgeClauses(tokens: Tokens, isProse: boolean): void {
  for (const clause of clausesOf(tokens)) {
    if (!isProse) judgeClause(tokens, clause)
    else if (within(tokens.tokens, clause).some(isCut)) cutAll(tokens.tokens, clause)
  }
}

/** Negations and questions that refer only to what follows them. */
const AHEAD: ReadonlySet<string> = new Set(
  (
    'no without w/o wo w/out r/o rule eval evaluate assess kein keine keinen keinem keiner ' +
    'keines ohne v.a. verdacht sans aucun aucune suspicion sin sospecha descartar senza ' +
    'nessun nessuna nessuno sospetta sospetto escludere geen zonder verdenking sem nenhum ' +
    'nenhuma suspeita possible probable possibile probabile posible possivel provavel ' +
    'eventuel eventuelle eventuale'
  ).split(' '),
)
const looksAhead = ({ roles, folded, cut }: Token): boolean =>
  AHEAD.has(folded) || (roles & (BROAD | WITHOUT)) === 0 || (cut === 'unknown' && roles === 0)

type Verdict = 'words' | 'segment' | 'clause'

function judgeClause(all: Tokens, clause: Span): void {
  const { tokens } = all
  if (!within(tokens, clause).some(isCut)) return
  const segments = segmentsOf(all, clause).filter((one) => within(tokens, one).some(isCut))
  const verdicts = segments.map((segment) => judgeSegment(all, segment))
  const open = segments.filter((_, index) => verdicts[index] === 'clause')
  const [from] = open
  if (from) {
    // Words that only refer ahead do not affect the segments before them, and nothing affects the
    // name of the examination.
    const isAhead = open.every((one) => within(tokens, one).every(looksAhead))
    const [first] = segmentsOf(all, clause)
    const hasHeading = first !== undefined && isHeading(within(tokens, first))
    const start = isAhead ? from.start : hasHeading ? first.end : clause.start
    cutAll(tokens, { start, end: clause.end })
  }
  segments.forEach((segment, index) => {
    if (verdicts[index] === 'segment') cutAll(tokens, segment)
  })
}

const within = (tokens: readonly Token[], { start, end }: Span): Token[] => tokens.slice(start, end)
const isCut = ({ cut }: Token): boolean => cut !== undefined

function cutAll(tokens: readonly Token[], span: Span): void {
  for (const token of within(tokens, span)) token.cut ??= 'unknown'
}

function judgeSegment(all: Tokens, span: Span): Verdict {
  const whole = within(all.tokens, span)
  const hasLostWith = joinDangling(whole)
  joinLoneSides(whole)
  if (
    hasLostWith &&
    whole.some(({ cut, roles }) => cut === undefined && (roles & (WITHOUT | CONTRAST)) !== 0)
  )
    return 'segment'
  const own = withoutTransparent(whole, all)
  const cuts = own.filter(isCut)
  // A cut name that is also a word that changes the meaning: without it, the rest would say
  // something different.
  if (cuts.some(({ roles }) => (roles & CHANGES_MEANING) !== 0 && !isDangling(roles)))
    return 'clause'
  const kept = own.filter((token) => !isCut(token))
  if (kept.length === 0) return 'segment'
  const hasUnknown = cuts.some(({ cut }) => cut === 'unknown')
  if (kept.some((token) => isBroad(own, token))) return judgeBroad(own, hasUnknown)
  if (hasUnknown && kept.some(({ roles }) => (roles & FINDING) !== 0 && (roles & ANATOMY) === 0))
    return 'segment'
  return islandsOf(own).every((island) => isWhole(own, island)) ? 'words' : 'segment'
}

/**
 * If the truth of a segment depends on one of its words, only a name may be cut from it, and only
 * at its start or end.
 */
function judgeBroad(own: readonly Token[], hasUnknown: boolean): Verdict {
  const [island, ...more] = islandsOf(own)
  if (hasUnknown || !island || more.length > 0) return 'clause'
  const last = own[island.end - 1]
  const isOpen =
    island.end < own.length && last !== undefined && (last.roles & (NOT | WITHOUT)) !== 0
  const isNothingElse = within([...own], island).every(
    ({ roles }) => (roles & ~(BROAD | WITHOUT)) === 0,
  )
  return isOpen || isNothingElse || !isWhole(own, island) ? 'clause' : 'words'
}

/** Runs of tokens that are kept, between those that are cut. */
function islandsOf(own: readonly Token[]): Span[] {
  const islands: Span[] = []
  own.forEach((token, index) => {
    if (isCut(token)) return
    const last = islands.at(-1)
    if (last?.end === index) islands[islands.length - 1] = { start: last.start, end: index + 1 }
    else islands.push({ start: index, end: index + 1 })
  })
  return islands
}

const CONTENT = ANATOMY | FINDING | CONTRAST

/**
 * Whether each word of side, time or degree in an island still has the word it describes: something
 * in the island to refer to, and no adjacent cut beyond which there is something else it could have
 * referred to.
 */
function isWhole(own: readonly Token[], island: Span): boolean {
  const inside = within([...own], island)
  const hasContent = inside.some(({ roles }) => (roles & CONTENT) !== 0 && (roles & BOUND) === 0)
  const outside = own.some(
    (token, index) =>
      !isCut(token) &&
      (index < island.start || index >= island.end) &&
      (token.roles & CONTENT) !== 0,
  )
  return inside.every((token, index) => {
    if ((token.roles & BOUND) === 0 || (token.roles & TECHNIQUE) !== 0) return true
    if (!outside) return true
    if (!hasContent && (token.roles & SIDE) !== 0) return false
    const at = island.start + index
    const isBeforeCut = at === island.end - 1 && hasMoreAfter(own, island.end)
    const isBehindCut =
      at === island.start &&
      own.slice(0, island.start).some((one) => !isCut(one) && (one.roles & CONTENT) !== 0)
    return !isBeforeCut && !(isBehindCut && !isSpeaking(inside[index + 1]))
  })
}

const hasMoreAfter = (own: readonly Token[], from: number): boolean =>
  own.slice(from).some((one) => !isCut(one) && (one.roles & CONTENT) !== 0)
const isSpeaking = (token: Token | undefined): boolean =>
  token !== undefined && (token.roles & CONTENT) !== 0

/** Whether a kept token affects others: a negation, unless it directly precedes its own object. */
function isBroad(own: readonly Token[], token: Token): boolean {
  if ((token.roles & WITHOUT) !== 0) return !isSatisfied(own, own.indexOf(token))
  return (token.roles & BROAD) !== 0
}

/**
 * True for `W/O CONTRAST`, `ohne i.v. KM`, `w/o and with contrast`, and if nothing follows at all,
 * not even a cut.
 */
function isSatisfied(own: readonly Token[], index: number): boolean {
  for (let at = index + 1; at < own.length && at <= index + 5; at++) {
    const token = own[at]
    if (!token || isCut(token)) return false
    if ((token.roles & CONTRAST) !== 0) return true
    const isFiller =
      (token.roles & (TECHNIQUE | WITH | WITHOUT)) !== 0 &&
      (token.roles & (FINDING | ANATOMY)) === 0
    if (!isFiller) return false
    if (at === own.length - 1) return true
  }
  return index === own.length - 1
}

/** A word that only introduces another and is meaningless alone. */
const isDangling = (roles: number): boolean =>
  (roles & WITH) !== 0 && (roles & (NOT | WITHOUT | MAYBE | SIDE)) === 0

/** A side next to an unknown word, with nothing else in its segment that could be on that side. */
function joinLoneSides(own: readonly Token[]): void {
  const isContent = ({ cut, roles }: Token) =>
    cut === undefined && (roles & CONTENT) !== 0 && (roles & BOUND) === 0
  if (own.some(isContent)) return
  own.forEach((token, index) => {
    const isBeside = [own[index - 1], own[index + 1]].some((one) => one?.cut === 'unknown')
    if (token.cut === undefined && (token.roles & SIDE) !== 0 && isBeside) token.cut = 'unknown'
  })
}

/**
 * Also cuts `with` before a cut, and `contrast` after an unknown word that may have been a form
 * of `without`. Returns whether a `with` was cut.
 */
function joinDangling(own: readonly Token[]): boolean {
  let hasLostWith = false
  for (let index = own.length - 2; index >= 0; index--) {
    const [token, next] = [own[index], own[index + 1]]
    if (
      token &&
      next &&
      !isCut(token) &&
      isCut(next) &&
      isDangling(token.roles) &&
      (token.roles & (CONTRAST | TECHNIQUE)) === 0
    ) {
      token.cut = next.cut
      hasLostWith = true
    }
  }
  for (let index = 1; index < own.length; index++) {
    const [before, token] = [own[index - 1], own[index]]
    if (
      before?.cut === 'unknown' &&
      token &&
      !isCut(token) &&
      (token.roles & CONTRAST) !== 0 &&
      (token.roles & CHANGES_MEANING) === 0
    )
      token.cut = 'unknown'
  }
  return hasLostWith
}
