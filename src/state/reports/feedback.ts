/** The table of feedback on reports. */

export interface FeedbackTables {
  report_feedback: FeedbackTable
}

/** What a facility or a colleague says about a report, for its author alone. */
export interface FeedbackTable {
  id: string
  report: string
  /** Of the case. */
  code: string
  /** Reader who signed the report. */
  author: string
  giver: string
  /** Sealed to the author and signed by the giver: one OpenPGP message in base64. */
  message: string
  /** The giver's armored certificate in effect at the time. */
  certificate: string
  given_at: number
  /** When the author first fetched it. */
  read_at: number | null
  /** Of the message, hexadecimal: the same one sent again is not added. Null in old rows. */
  sha256: string | null
}
