/**
 * Proves who somebody is without a token: a signed challenge, or a key that opens what was sealed
 * to it.
 *
 * Always true: a challenge is answered once and soon; failures are limited, and each is an event.
 * Trusts: openpgp for signatures.
 */
export { createEventThrottle } from './event-throttle.js'
export { createFailureLimiter } from './failure-limiter.js'
export type { FailureLimiter } from './failure-limiter.js'
export { createKeyChecks } from './key-check.js'
export type { KeyChecks } from './key-check.js'
export { createSignIn } from './sign-in.js'
export type { SignIn } from './sign-in.js'
