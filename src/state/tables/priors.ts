/** What the PACS of a facility is asked for, for the case of a new study. Names no patient. */
import type { PRIOR_STATES } from '../../protocol/words.js'

export interface PriorTables {
  prior_queries: PriorQueryTable
  prior_studies: PriorStudyTable
}

/** One query, for the case of a new study. */
export interface PriorQueryTable {
  /** The transfer of the new study. */
  transfer: string
  facility: string
  group_id: string
  state: (typeof PRIOR_STATES)[number]
  /** Studies of the patient that the PACS has, without the new one. */
  found: number
  /** Those that the rule of the facility selects. */
  chosen: number
  /** Those of them that the PACS has sent. */
  retrieved: number
  /** While a gateway works on it; afterwards, nobody does. Null once it has ended. */
  lease_until: number | null
}

/** A prior study that the PACS has been asked to send, so that its instances are recognized. */
export interface PriorStudyTable {
  facility: string
  /** Keyed handle of the Study Instance UID, as in ArrivalTable.study. */
  study: string
  /** The query that wants it. */
  transfer: string
}
