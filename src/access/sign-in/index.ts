/**
 * Authenticates a person without a token: by a signed challenge, or by a key that opens a message
 * sealed to it.
 *
 * Always true: a challenge is accepted once and only for a short time; failures are limited, and
 *      each is an event.
 * Trusts: openpgp for signatures.
 */
export { createEventThrottle } from './event-throttle.js'
export { createFailureLimiter } from './failure-limiter.js'
export type { FailureLimiter } from './failure-limiter.js'
export { createKeyChecks } from './key-check.js'
export type { KeyChecks } from './key-check.js'
export { createSignIn } from './sign-in.js'
export type { SignIn } from './sign-in.js'
