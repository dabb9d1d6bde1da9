/** A UID and what stands for it. */

export type UidPair = readonly [original: string, replacement: string]
