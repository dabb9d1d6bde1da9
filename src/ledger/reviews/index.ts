/**
 * Reviews of activity (45 CFR 164.308(a)(1)(ii)(D)), recorded as events, and summaries of the event
 * index.
 */
export { patientsByTransfer } from './patients.js'
export { FINDINGS, nextReviewBy, recordReview, reviewState } from './reviews.js'
export type { Finding, ReviewState } from './reviews.js'
export { eventSpans, lastOf } from './spans.js'
