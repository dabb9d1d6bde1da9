/**
 * Studies that arrive instance by instance: which transfer takes them, and what is not yet in a
 * crosswalk.
 */

/** A study of a facility, and the transfer that its instances go to. */
export interface ArrivalTable {
  transfer: string
  facility: string
  group_id: string
  /** Keyed handle of the Study Instance UID. */
  study: string
  opened_at: number
  /**
   * Unique while the transfer takes instances, so that two gateways agree on one; null when it is
   * closed.
   */
  open_key: string | null
}

/**
 * What one commit of a growing envelope leaves for the facility: a whole sealed crosswalk of its
 * items. They go when the envelope's own crosswalk is stored, which says the same in one piece.
 */
export interface CrosswalkPieceTable {
  envelope: string
  seq: number
  key_id: string
  items: number
  message: Buffer
}

/** An instance that a facility deposited over DIMSE or DICOMweb, by what the facility calls it. */
export interface DepositTable {
  facility: string
  /** Keyed handle of the original SOP Instance UID. */
  handle: string
  sop_class: string
  transfer: string
}
