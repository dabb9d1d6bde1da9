/** The table of removals: objects whose expiry is recorded and that are still to be deleted. */

export interface RetentionTables {
  removals: RemovalTable
}

/** Deleted once its objects are gone, in the transaction that records that. */
export interface RemovalTable {
  id: string
  what: 'transfer' | 'crosswalk' | 'quarantine' | 'report'
  facility: string
  group_id: string | null
  transfer: string | null
  /** Keyed handle. */
  patient: string | null
  /** JSON: what the events say about it. */
  detail: string
  /** JSON: keys in the object store. */
  objects: string
  begun_at: number
}
