/** The table of notes on cases. */

export interface NoteTables {
  case_notes: NoteTable
}

export interface NoteTable {
  id: string
  case_id: string
  /** Of the case on which it was written; another case may have taken its transfers since. */
  code: string
  author: string
  /**
   * Sealed to the facility and the readers of the group, signed by the author: one OpenPGP message
   * in base64.
   */
  message: string
  /** The author's armored certificate in effect at the time. */
  certificate: string
  noted_at: number
  /** Of the message, hexadecimal: the same one sent again is not added. Null in old rows. */
  sha256: string | null
}
