/**
 * What a word can do to the words around it, as bits: one word may have several, and the cautious
 * one decides.
 */

/** It, or what stands beside it, is not so: not, kein, absent. */
export const NOT = 1 << 0
/**
 * Something was not used: without, ohne. Harmless beside what it belongs to (`W/O CONTRAST`), else
 * as NOT.
 */
export const WITHOUT = 1 << 1
export const WITH = 1 << 2
/** It is not certain: possible, r/o, V.a. */
export const MAYBE = 1 << 3
/** When, how much or how it was: prior, mild, seen. */
export const WAS = 1 << 4
export const SIDE = 1 << 5
/** What may be given or not: contrast, iv, KM. */
export const CONTRAST = 1 << 6
/** How images are made, and words of all days. */
export const TECHNIQUE = 1 << 7
export const ANATOMY = 1 << 8
/** What somebody has or has not. */
export const FINDING = 1 << 9
export const UNIT = 1 << 10
/** A number follows: phase, grade. */
export const LABEL = 1 << 11
/** A number follows that names somebody: MRN, tel. */
export const ID_LABEL = 1 << 12
/** A name follows, whatever word it is: Dr, Frau. */
export const TITLE = 1 << 13
/** A name stands before it: MD. */
export const AFTER_NAME = 1 << 14
/** A name follows behind `by`: requested by. */
export const AGENT = 1 << 15
export const BY = 1 << 16
/** A name may follow, behind a colon whatever word it is: technologist. */
export const PLACE = 1 << 17
/** Of no use without its partner beside it, since it is a name as well: white matter. */
export const PARTNER = 1 << 18

/** Words of which the truth of others depends wherever they stand in a clause. */
export const BROAD = NOT | MAYBE
/** Words that belong to a neighbour. */
export const BOUND = SIDE | WAS
/** Words whose loss says something else about what stays. */
export const CHANGES_MEANING = NOT | WITHOUT | WITH | MAYBE | WAS | SIDE
/** What a section of a word list is called. */
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
