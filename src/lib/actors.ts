/** Actors of the ledger that are not principals of the configuration. */

/** The gateway itself, where nobody asked. */
export const SYSTEM = { id: 'system', role: 'system' } as const

/** A command that works on the files of a site. */
export const SITE = { id: 'site', role: 'operator', method: 'site' } as const

/** Somebody who has not signed in. */
export const ANONYMOUS = { id: 'anonymous', role: 'anonymous' } as const

export const OWN_ACTORS: ReadonlySet<string> = new Set([ANONYMOUS.id, SITE.id, SYSTEM.id])
