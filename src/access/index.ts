/**
 * The room that asks: who is it, and may they?
 *
 * In:  a bearer token, or a signed challenge.
 * Out: Session; and decisions from one pure function.
 * Always true: tokens are kept as hashes only; a refusal is an event; what one may not see looks like what is not there.
 * Trusts: the directory for who people are, and openpgp for signatures.
 */
import type { Principal } from '../directory/index.js'
import type { Station } from '../lib/station.js'

export type Session = Station<
  'session',
  {
    readonly principal: Principal
    /** Public id of the token, for the ledger. */
    readonly token: string
    readonly method: 'token' | 'signature'
    readonly expiresAt: number
  }
>

export { ACTIONS, RELATIONS, decide } from './decide.js'
export type { Action, Decision, Relation } from './decide.js'
export { refusal, relationTo } from './relation.js'
export type { TransferTies } from './relation.js'
export { createAuthenticate } from './authenticate.js'
export type { Authenticate } from './authenticate.js'
export { createTokens } from './tokens.js'
export type { IssuedToken, NewToken, TokenInfo, Tokens } from './tokens.js'
export { createSignIn } from './sign-in.js'
export type { SignIn, SignInOptions } from './sign-in.js'
export { createKeyChecks } from './key-check.js'
export type { KeyChecked, KeyCheckRequest, KeyChecks } from './key-check.js'
export { createFailureLimiter } from './failure-limiter.js'
export type { FailureLimiter } from './failure-limiter.js'
export { createEventThrottle } from './event-throttle.js'
export type { EventThrottle } from './event-throttle.js'
