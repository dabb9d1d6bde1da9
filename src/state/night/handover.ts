/** The table of hand-overs. */

export interface HandoverTables {
  handovers: HandoverTable
}

/** What one reader leaves to the next. */
export interface HandoverTable {
  id: string
  group_id: string
  giver: string
  /**
   * JSON: kind, ID and code of each case and critical result that was open then. Nothing
   * identifies a patient.
   */
  items: string
  /** Sealed to the readers of the group and signed by the giver: one OpenPGP message in base64. */
  note: string | null
  /** The giver's armored certificate in effect at the time. */
  certificate: string
  given_at: number
  accepted_by: string | null
  accepted_at: number | null
}
