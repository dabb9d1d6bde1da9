/** Row types of what is said about reports. */
export type { FeedbackTable, FeedbackTables } from './feedback.js'
