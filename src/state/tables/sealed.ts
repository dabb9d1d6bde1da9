/** Transfers that were sealed at a facility, which this gateway stores and cannot open. */
export interface SealedTables {
  sealed_transfers: SealedTransferTable
  sealed_objects: SealedObjectTable
  sealing_sets: SealingSetTable
}

export interface SealedTransferTable {
  transfer: string
  /** Principal ID of the edge that sealed and signed it. */
  edge: string
  fingerprint: string
  /** The certificate that the signature was checked with, armored. */
  certificate: string
  /** SHA-256 of the statement that the edge signed, hexadecimal. */
  digest: string
  /**
   * Canonical JSON (src/protocol/sealing/statement.ts). Null from the commit on, because it has the
   * key packets of those who may have left since.
   */
  statement: string | null
  /** JSON: our IDs of its envelopes, in the order of the statement. */
  envelopes: string
  created_at: number
}

/** A data packet that has arrived, until the commit. */
export interface SealedObjectTable {
  transfer: string
  /** Item number; 0 is the manifest. */
  idx: number
  object: string
  size: number
}

/**
 * Sets of recipients that this gateway has told an edge to seal to. A study that waited while the
 * line was down may be sealed to an older set.
 */
export interface SealingSetTable {
  facility: string
  group_id: string
  /** Fingerprints in ascending order, separated by spaces. */
  recipients: string
  /** When it was last told. */
  told_at: number
}
