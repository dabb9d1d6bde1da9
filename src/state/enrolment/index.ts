/** Row types of the tables of `site/enrolment`: invitations, and the people who were enrolled. */
export type { EnrolledTable, InvitationTable } from './tables.js'
