/**
 * Reviews of activity (45 CFR 164.308(a)(1)(ii)(D)), recorded as events, and summaries of the event
 * index.
 */
export { countQuestions } from './counts.js'
export { occurringPatients, patientsByTransfer, patientsWithId } from './patients.js'
export type { PatientInTransfer } from './patients.js'
export { nextReviewBy, recordReview, reviewState } from './reviews.js'
export type { ReviewState } from './reviews.js'
export { countOf, eventSpans, lastOf } from './spans.js'
