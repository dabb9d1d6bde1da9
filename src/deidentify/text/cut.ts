/**
 * Why a token must be cut: it is part of a name, number or date that identifies a person, or it is
 * not known.
 */
export type Cut = 'name' | 'unknown'
