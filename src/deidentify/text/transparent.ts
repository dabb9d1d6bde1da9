/**
 * Cuts that cannot change what the words around them say: an identifier between two words that
 * stay, and an unknown word in a place where no language puts a negation.
 */
import {
  ANATOMY,
  CHANGES_MEANING,
  FINDING,
  ID_LABEL,
  LABEL,
  MAYBE,
  NOT,
  TITLE,
  UNIT,
  WITHOUT,
} from './roles.js'
import type { Token, Tokens } from './tokens.js'
import { names, qualifiers } from './vocabulary.js'

/** Whether a cut token is part of an identifier and nothing else. */
function isIdentifier(token: Token): boolean {
  if (token.cut !== 'name' || (token.roles & CHANGES_MEANING) !== 0) return false
  if ((token.roles & (TITLE | ID_LABEL)) !== 0) return true
  if (token.roles !== 0) return false
  return (
    token.kind === 'number' ||
    /\d{4}|[@:/]/.test(token.folded) ||
    (names().all.has(token.folded) && !qualifiers().has(token.folded))
  )
}

/** A cut word that belongs to the identifier before it: `Dr. [Szymanski]`, `95 [years]`. */
const belongs = ({ cut, roles, folded }: Token, before: Token | undefined): boolean =>
  cut === 'name' &&
  before !== undefined &&
  (roles === 0
    ? (before.roles & TITLE) !== 0 && !STEMS.test(folded)
    : (roles & ~(UNIT | LABEL | ID_LABEL)) === 0 && isIdentifier(before))

/** The tokens of one segment without those whose cut does not affect the others. */
export function withoutTransparent(own: readonly Token[], all: Tokens): Token[] {
  const isPlain = own.every(({ roles }) => (roles & (NOT | WITHOUT)) === 0)
  const found = new Set<Token>()
  for (let end = 0; end < own.length; end++) {
    const start = end
    while (own[end]?.cut !== undefined) end++
    const run = own.slice(start, end)
    if (run.length > 0 && (isApart(own, start, end) || (isPlain && isNoun(own, start, end, all))))
      for (const one of run) found.add(one)
  }
  return own.filter((token) => !found.has(token))
}

/** An identifier with something kept on both sides: `no evidence of [Dr. Smith] fracture`. */
function isApart(own: readonly Token[], start: number, end: number): boolean {
  const run = own.slice(start, end)
  if (start === 0 || end === own.length || !run.some(isIdentifier)) return false
  return run.every((one, index) => isIdentifier(one) || belongs(one, run[index - 1]))
}

/**
 * One unknown word that can only be an attribute (`[gross] haematuria`) or the object of a
 * preposition (`resection of [xyz]`).
 */
function isNoun(own: readonly Token[], start: number, end: number, all: Tokens): boolean {
  const [before, token, after] = [own[start - 1], own[start], own[end]]
  if (end - start !== 1 || token?.kind !== 'word' || token.roles !== 0 || mayNegate(token.folded))
    return false
  const isFree = (after: Token | undefined): boolean =>
    after === undefined || (after.kind === 'word' && (after.roles & CHANGES_MEANING) === 0)
  if (isRelational(own, start, all)) return true
  if (after === undefined && isObject(own, start)) return true
  if (before && (before.kind === 'number' || (before.roles & CHANGES_MEANING & ~MAYBE) !== 0))
    return false
  const isOf = before !== undefined && OF.has(before.folded) && isFree(after)
  return isOf || isNamed(all, token, after)
}

/**
 * The last word of a segment, after `over [xyz]`, `de la [xyz]`, `after [xyz]`, or the second of
 * two (`spasticity and [xyz]`): a thing, since no negation stands there.
 */
function isObject(own: readonly Token[], at: number): boolean {
  const [first, second] = [own[at - 2], own[at - 1]]
  if (second === undefined || second.cut !== undefined) return false
  if (OF.has(second.folded) || BEFORE_THING.has(second.folded)) return true
  if (first === undefined || first.cut !== undefined) return false
  if (ARTICLES.has(second.folded) && (OF.has(first.folded) || BEFORE_THING.has(first.folded)))
    return true
  const isContent = (first.roles & (ANATOMY | FINDING)) !== 0
  return AND.has(second.folded) && isContent && (first.roles & CHANGES_MEANING) === 0
}

/** `[xyzäre] Fraktur`, `fracture [xyzienne]`: an adjective of place next to its noun. */
const isRelational = (own: readonly Token[], at: number, all: Tokens): boolean => {
  const [before, token, after] = [own[at - 1], own[at], own[at + 1]]
  return (
    token !== undefined &&
    RELATIONAL.test(token.folded) &&
    (isNamed(all, token, after) || (before !== undefined && isNamed(all, before, token, before)))
  )
}

/** Whether `noun`, one of two words separated by a space or hyphen, is anatomy or a finding. */
const isNamed = ({ text }: Tokens, one: Token, other: Token | undefined, noun = other): boolean =>
  other !== undefined &&
  noun !== undefined &&
  /^[ -]$/.test(text.slice(one.end, other.start)) &&
  (noun.roles & (ANATOMY | FINDING)) !== 0 &&
  (noun.roles & CHANGES_MEANING) === 0

/** Endings of adjectives that say of what or where, never whether: -al, -ar, -ic, -oid, -ous. */
const RELATIONAL = new RegExp(
  `(?:${(
    'al ale ales ali ais aux aal alen aler alem ar are ares ari air aire aires aren arer ' +
    'ary ario aria arios arias ic ical ico ica ici iche icos icas ique iques isch ische ' +
    'ischen ischer isches oid oide oiden oidal oso osa osi ose osos osas ous eux euse euses ' +
    'eus euze if ive ifs ives iv iven iver ives ivo iva ivi ivos ivas ief ieve iano iana ianos ianas ien ienne iens iennes eo ea eos eas'
  )
    .split(' ')
    .join('|')})$`,
)

/** Prepositions whose object is a thing or person, unlike `in Rückbildung`. */
const OF: ReadonlySet<string> = new Set(
  (
    'of by for from under von vom bei durch de du des d par pour del della dello dei degli ' +
    'delle di da per por do dos das van door bij'
  ).split(' '),
)

/** Prepositions of place and time, whose object is a thing where it ends a segment. */
const BEFORE_THING: ReadonlySet<string> = new Set(
  (
    'over on onto against after following uber gegen nach auf sur contre apres sous sobre contra tras ' +
    'tegen op na su sul sulla sull sui dopo contro apos'
  ).split(' '),
)
const ARTICLES: ReadonlySet<string> = new Set(
  'the a an der die das dem den des ein eine einen einem einer le la les l un une el los las una uno il lo gli i de het een o os as um uma'.split(
    ' ',
  ),
)
const AND: ReadonlySet<string> = new Set('and und et y e ed en &'.split(' '))

/** Whether an unknown word may be a form or misspelling of one that negates, questions or dates. */
const mayNegate = (folded: string): boolean =>
  folded.length < 4 || STARTS.test(folded) || STEMS.test(folded)
/** The same for a word next to a name, which would otherwise count as part of it. */
export const hasNegatingStem = (folded: string): boolean => STEMS.test(folded)
const STARTS = new RegExp(
  `^(?:${(
    'no non not un in im il ir an ab ad af de dis es nicht niet kein ge on out weg ver re ' +
    'ri pre prae post ex ant mis zer auf aus uit'
  )
    .split(' ')
    .join('|')})`,
)
const STEMS = new RegExp(
  (
    'excl exkl escl schl[io] schlos sluit sloten afast descart negat negier neent neint ' +
    'den[iy] absen ausen assen wesen fehl manqu manc falt lack kaum unlik wahrsch waarsch ' +
    'prob poss mogl moge susp sosp verdac verden event dub dout doubt zweif twijf quest ' +
    'quer frag rule sign hinw nachw anhalt evid normal resol regr schwu schwind apar dwen ' +
    'clear frei free libr liber livre vrij vacu ohne sans senza zonder with histor prior ' +
    'vorb fruh anci antig vecch stat zust esit fam heil heal guari gener cur klung subsid ' +
    'putat tentat fict hypoth ipotet hipot conjec ruck remis involu abat cess sist stop end over past gone less mind menos moins meno mehr mas plus stab ' +
    'chang ander cambi mud'
  )
    .split(' ')
    .join('|'),
)
