/**
 * Feedback on reports: what a facility or a colleague says about a report, for its author alone.
 *
 * In:  a message sealed to the author of a report, and signed by its giver.
 * Out: the messages for an author, and events.
 * Always true: the ledger says that a review took place, never what it found; a message is given to
 *      its author only; nobody reviews their own report.
 * Trusts: the access room for the identity of the caller.
 */
export {
  expireFeedback,
  findFeedback,
  giveFeedback,
  listFeedback,
  readFeedback,
} from './feedback.js'
export type { FeedbackParts, Given } from './feedback.js'
