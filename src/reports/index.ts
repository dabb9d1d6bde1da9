/**
 * The room of reports: what readers send back about a case, sealed before it arrives here.
 *
 * In:  a sealed message with a statement signed by its reader, and the facility's signed
 *      acknowledgement.
 * Out: rows that record what arrived when, and the message as it was sent.
 * Always true: a report is never changed, only followed by another; the same message is one report,
 *      however often it is sent; the content of a report cannot be read here.
 * Trusts: the directory for certificates. Neither the reader's client nor the facility's.
 */
export { checkAcknowledgement } from './acknowledgement.js'
export { checkReport } from './check.js'
export type { CheckedReport } from './check.js'
export {
  acknowledgeReport,
  findByMessage,
  findReport,
  insertReport,
  listReports,
  reportExpiry,
  reportTimes,
} from './rows.js'
export type { ReportRange, ReportTimes } from './rows.js'
export { keyOf, sweepReports } from './objects.js'
export { reportView } from './views.js'
