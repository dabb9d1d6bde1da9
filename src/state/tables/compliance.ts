/**
 * The tables of the room `compliance`. Free text is only in the JSON columns, and none of it is
 * about patients.
 */

export interface ComplianceTables {
  register_entries: RegisterEntryTable
  statements: StatementTable
  actions: ActionTable
  assessments: AssessmentTable
  reminders: ReminderTable
}

/** Entries are never changed; a new entry replaces the old one. */
export interface RegisterEntryTable {
  id: string
  kind: string
  subject: string
  /** The fields, as JSON. */
  data: string
  /** `YYYY-MM-DD`: the last day on which it is valid. */
  until: string | null
  created_at: number
  created_by: string
  ended_at: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/** A person's statement about a row of the audit protocol. Never changed; the newest one counts. */
export interface StatementTable {
  id: string
  /** Id of the row in the audit protocol. */
  protocol_row: string
  says: string
  text: string
  /** SHA-256 digests of documents, separated by spaces. */
  attachments: string
  until: string
  created_at: number
  created_by: string
}

export interface ActionTable {
  id: string
  protocol_row: string
  owner: string
  due: string
  text: string
  created_at: number
  done_at: number | null
  evidence: string | null
}

/** Every assessment made, in full. */
export interface AssessmentTable {
  id: string
  profile: string
  made_at: number
  made_by: string
  /** Canonical JSON; the event that records the assessment holds its SHA-256. */
  document: string
}

/** Reminders that were given. */
export interface ReminderTable {
  /** Kind, ID, day and step. */
  key: string
  given_at: number
}
