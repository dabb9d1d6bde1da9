/**
 * The room that decides who the caller is, and what they may do.
 *
 * In:  a bearer token, or a signed challenge.
 * Out: a Session, and decisions made by one pure function.
 * Always true: tokens are stored only as hashes; a refusal is an event; an object that the caller
 *      may not see gets the same answer as one that does not exist.
 * Trusts: the directory for people's identities, and openpgp for signatures.
 */
export { createGatekeeper, RateLimitedError } from './gatekeeper.js'
export type { Asker, AskerOfCase, AskerOfTransfer, Credentials, Gatekeeper } from './gatekeeper.js'
export { createAuthenticate } from './authenticate.js'
export type { Action } from './actions.js'
export { refusal, relationTo } from './relation.js'
export type { Session } from './session.js'
export { createTokens, isTokenRevoked } from './tokens.js'
export type { Tokens } from './tokens.js'
