/**
 * The room of retention: removes what was delivered and is past the retention of the site.
 *
 * In:  the periods of the site, and what other rooms say has ended.
 * Out: key packets, objects and sealed messages deleted, each step with its event.
 * Always true: nothing unread expires, nor anything under a legal hold; nobody can open contents
 *      whose removal has begun; a removal that was interrupted is completed.
 * Trusts: the cases room for what has ended, the ledger's lock for the order of changes, and `now`
 *      for the time.
 */
export { createRetention } from './retention.js'
export type { Retention } from './retention.js'
export type { Candidate, RetentionParts } from './contract.js'
export { retentionAnswer } from './views.js'
export { expiredObjects } from './leftover.js'
