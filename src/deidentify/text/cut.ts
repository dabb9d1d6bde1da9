/** A stretch of text that a rule looked at. */

/**
 * Why a token must go: as part of a name, number or date that names somebody; or because nobody
 * knows what it is.
 */
export type Cut = 'name' | 'unknown'
