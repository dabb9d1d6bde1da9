/** The roles that a site's configuration gives to people. */
export const PERSON_ROLES = ['sender', 'reader', 'officer', 'operator'] as const
export type PersonRole = (typeof PERSON_ROLES)[number]

/** `recovery` is the holder of the recovery key, who signs in with it. */
export const ROLES = [...PERSON_ROLES, 'recovery'] as const
export type Role = (typeof ROLES)[number]

/** In the ledger: `system` is the gateway itself, `anonymous` an unidentified client. */
export const ACTOR_ROLES = [...ROLES, 'system', 'anonymous'] as const
export type ActorRole = (typeof ACTOR_ROLES)[number]
