/**
 * The tables of the room `compliance`. Only its JSON columns hold what people wrote; nothing in
 * them is about a patient.
 */

export interface ComplianceTables {
  register_entries: RegisterEntryTable
  statements: StatementTable
  actions: ActionTable
  assessments: AssessmentTable
}

/** An entry is never changed: a new one replaces it. */
export interface RegisterEntryTable {
  id: string
  kind: string
  subject: string
  /** JSON of the fields. */
  data: string
  /** `YYYY-MM-DD`, the last day on which it counts. */
  until: string | null
  created_at: number
  created_by: string
  ended_at: number | null
}

/** What a person said about a row of the protocol. Never changed: the newest counts. */
export interface StatementTable {
  id: string
  /** Id of a row of the protocol. */
  protocol_row: string
  says: string
  text: string
  /** SHA-256 of documents, with spaces between them. */
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

/** Every assessment that was made, whole. */
export interface AssessmentTable {
  id: string
  profile: string
  made_at: number
  made_by: string
  /** Canonical JSON; its SHA-256 is in the event that records it. */
  document: string
}
