/** Ledger actors that are not principals in the configuration. */

/** The gateway itself, when no principal made a request. */
export const SYSTEM = { id: 'system', role: 'system' } as const

/** A command that works on a site's files directly. */
export const SITE = { id: 'site', role: 'operator', method: 'site' } as const

/** A client that has not signed in. */
export const ANONYMOUS = { id: 'anonymous', role: 'anonymous' } as const

export const OWN_ACTORS: ReadonlySet<string> = new Set([ANONYMOUS.id, SITE.id, SYSTEM.id])
