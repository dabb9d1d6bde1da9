/**
 * The effects a word can have on the words around it, as bits. A word may have several; the most
 * cautious one applies.
 */

/** Negates itself or the words next to it: not, kein, absent. */
export const NOT = 1 << 0
/**
 * Says that something was not used: without, ohne. Harmless next to its object (`W/O CONTRAST`),
 * otherwise treated as NOT.
 */
export const WITHOUT = 1 << 1
export const WITH = 1 << 2
/** Expresses uncertainty: possible, r/o, V.a. */
export const MAYBE = 1 << 3
/** Time, degree or observation: prior, mild, seen. */
export const WAS = 1 << 4
export const SIDE = 1 << 5
/** What may or may not be administered: contrast, iv, KM. */
export const CONTRAST = 1 << 6
/** Imaging technique, and everyday words. */
export const TECHNIQUE = 1 << 7
export const ANATOMY = 1 << 8
/** A condition that a patient may or may not have. */
export const FINDING = 1 << 9
export const UNIT = 1 << 10
/** Precedes a number: phase, grade. */
export const LABEL = 1 << 11
/** Precedes a number that identifies a person: MRN, tel. */
export const ID_LABEL = 1 << 12
/** Precedes a name, even one that is an ordinary word: Dr, Frau. */
export const TITLE = 1 << 13
/** Follows a name: MD. */
export const AFTER_NAME = 1 << 14
/** Precedes a name when followed by `by`: requested by. */
export const AGENT = 1 << 15
export const BY = 1 << 16
/** May precede a name; after a colon, any word is one: technologist. */
export const PLACE = 1 << 17
/** Meaningful only next to its partner, because it is a name as well: white matter. */
export const PARTNER = 1 << 18

/** Words on which the truth of others depends, wherever they are in a clause. */
export const BROAD = NOT | MAYBE
/** Words that describe a neighbouring word. */
export const BOUND = SIDE | WAS
/** Words whose removal changes the meaning of what is kept. */
export const CHANGES_MEANING = NOT | WITHOUT | WITH | MAYBE | WAS | SIDE
/** The names of the sections in a word list. */
export const SECTIONS: Readonly<Record<string, number>> = {
  not: NOT,
  without: WITHOUT,
  with: WITH,
  maybe: MAYBE,
  was: WAS,
  side: SIDE,
  contrast: CONTRAST,
  technique: TECHNIQUE,
  anatomy: ANATOMY,
  finding: FINDING,
  unit: UNIT,
  label: LABEL,
  idlabel: ID_LABEL,
  title: TITLE,
  'after name': AFTER_NAME,
  agent: AGENT,
  by: BY,
  place: PLACE,
}
