/**
 * The room that asks: who is it, and may they?
 *
 * In:  a bearer token, or a signed challenge.
 * Out: Session; and decisions from one pure function.
 * Always true: tokens are kept as hashes only; a refusal is an event; what one may not see looks
 *      like what is not there.
 * Trusts: the directory for who people are, and openpgp for signatures.
 */
export { createGatekeeper, RateLimitedError } from './gatekeeper.js'
export type { Asker, AskerOfCase, AskerOfTransfer, Credentials, Gatekeeper } from './gatekeeper.js'
export { createAuthenticate } from './authenticate.js'
export { decide } from './decide.js'
export type { Action } from './decide.js'
export { refusal, relationTo } from './relation.js'
export type { Session } from './session.js'
export { createTokens } from './tokens.js'
export type { Tokens } from './tokens.js'
