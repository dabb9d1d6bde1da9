/** A UID and its replacement. */

export type UidPair = readonly [original: string, replacement: string]
