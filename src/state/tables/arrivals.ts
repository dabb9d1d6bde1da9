/**
 * Studies that arrive instance by instance: the transfer that takes each, and the crosswalk pieces
 * not yet combined.
 */
import type { Priority } from '../../protocol/priority.js'

/** A study of a facility, and the transfer that takes its instances. */
export interface ArrivalTable {
  transfer: string
  facility: string
  group_id: string
  /** Keyed handle of the Study Instance UID. */
  study: string
  opened_at: number
  /**
   * Unique while the transfer accepts instances, so that two gateways use the same one; null once
   * it is closed.
   */
  open_key: string | null
  /** For a prior study: the transfer of the study that it was asked for. */
  prior_of: string | null
}

/** A study for which no rule named a group, or that a rule holds for a person. */
export interface WaitingStudyTable {
  transfer: string
  reason: 'unmatched' | 'hold' | 'requisition'
  since: number
  /** The group that a person named; null while it waits. */
  group_id: string | null
  priority: Priority | null
  /** The case of the study that a requisition is about, once it is known. */
  case_id: string | null
  /** Principal ID. */
  assigned_by: string | null
  assigned_at: number | null
}

/** The orders that a requisition may be about. */
export interface RequisitionOrderTable {
  /** The transfer that holds the requisition. */
  transfer: string
  /** As in ItemTable.order_handle. */
  handle: string
}

/**
 * The complete sealed crosswalk for the items of one commit to a growing envelope. Deleted when the
 * envelope's own crosswalk, which covers all its items, is stored.
 */
export interface CrosswalkPieceTable {
  envelope: string
  seq: number
  key_id: string
  items: number
  message: Buffer
}

/** An instance that a facility deposited over DIMSE or DICOMweb, identified by its original UID. */
export interface DepositTable {
  facility: string
  /** Keyed handle of the original SOP Instance UID. */
  handle: string
  sop_class: string
  transfer: string
}
