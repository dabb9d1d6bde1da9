/** Recognizes words that no list contains, and that are no names, by how they are written. */
import { names } from './vocabulary.js'

/**
 * Endings of verbs, adverbs, adjectives and abstract nouns in the seven languages, after which a
 * word in lower case is hardly ever a name; those of surnames (-eren, -ischer, -iger) are missing.
 */
const LONG_ENDINGS = endings(
  'able ible ness less fully ously ably ibly ally tion tions sion sions ment ments ively ities ' +
    'ement ements ante antes ants euse euses ique iques aire aires ables ibles ites atre atres ance ' +
    'ances ence ences oire oires ando iendo idos idas ados adas mente cion ciones siones dades osos ' +
    'osas ivos ivas ente entes amiento amientos imiento imientos encia encias ancia ancias ajes uras ' +
    'endo indo coes mento mentos dade agem agens avel aveis ivel iveis zione zioni sione sioni menti ' +
    'ezza ezze anza anze enza enze aggio aggi abile abili ibile ibili lijk lijke lijks isch ische ' +
    'ischen isches ende enden endes baar bare loos loze eerd eerde ties iseren neren lich liche lichen ' +
    'liches lichem igen iges igem iert ierte ierten ierter iertes ieren haft hafte haften',
)
/** Shorter ones need a longer word. */
const SHORT_ENDINGS = endings(
  'ing ings ed ive ism ity ant ees eux ite age ado ada ido ida oso osa ivo iva aje ura cao ato ata ' +
    'ati ate ito ita iti uto uta uti ute tie',
)
function endings(list: string): RegExp {
  return new RegExp(`(?:${list.split(' ').join('|')})$`)
}
/** Participles of German and Dutch: `geführt`, `angeführte`, `gebracht`, `opgemerkt`. */
const PARTICIPLE =
  /^(?:aan|ab|achter|af|an|auf|aus|be|bei|bij|door|dar|durch|ein|her|hin|in|mee|mit|na|nach|om|onder|op|over|toe|uit|um|vor|voor|weg|zu|zuruck|zusammen)?ge[a-z]{3,}(?:t|te|ten|ter|tes|tem|en|ene|enen|ener|d|de|den)$/
/** Nouns that German writes with a capital: `Befundänderung`. */
const NOUN =
  /^\p{Lu}\p{Ll}{5,}(?:ung|ungen|keit|keiten|heit|heiten|schaft|tion|tionen|tät|täten|ismus|losigkeit)$/u
const SHORTEST = 6
const LONG = 8

/**
 * @param written as in the text.
 * @param isCased whether the text has capitalized words, so that a name would be one.
 */
export function isWordShaped(written: string, folded: string, isCased: boolean): boolean {
  if (!isCased || folded.length < SHORTEST || names().all.has(folded)) return false
  if (!/^\p{Ll}+$/u.test(written)) return NOUN.test(written)
  if (folded.length >= LONG && SHORT_ENDINGS.test(folded)) return true
  return LONG_ENDINGS.test(folded) || PARTICIPLE.test(folded)
}
