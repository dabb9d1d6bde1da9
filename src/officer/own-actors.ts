/** Actors of the ledger that are no principals of the configuration. */
export const OWN_ACTORS: ReadonlySet<string> = new Set(['anonymous', 'site', 'system'])
