/** The ledger, and how far each of its outlets has been told. */
import type { Generated } from 'kysely'

export interface EventTable {
  /** Position in the log, from 0, without gaps. */
  idx: number
  time: number
  type: string
  outcome: number
  actor: string | null
  facility: string | null
  transfer: string | null
  patient: string | null
  /** For an accepted instance: keyed handle of its Patient ID alone, if it names an issuer. */
  id_handle: string | null
  event_id: string | null
  /** The event it refers to; otherwise the download or envelope that begins or ends with it. */
  related: string | null
  group_id: string | null
  /**
   * For the start of a download: `inside` or `outside` the duty hours of its group, if the group
   * has any.
   */
  duty: string | null
  /** Address of the client, as standard records have it. */
  address: string | null
  token: string | null
  /** The subject of a security alert: a key, a token or a witness. */
  subject: string | null
  /**
   * The entry: canonical JSON (RFC 8785). All other columns are an index over it and can be
   * rebuilt.
   */
  entry: Buffer
}

/**
 * Hash tiles (c2sp.org/tlog-tiles): up to 256 hashes of 32 bytes. The last tile of a level may be
 * partial.
 */
export interface LedgerTileTable {
  level: number
  n: number
  hashes: Buffer
}

export interface LedgerHeadTable {
  /** Always 1: the single row whose lock orders all appends. */
  id: Generated<number>
  size: number
  /** The signed checkpoint of this size (c2sp.org/tlog-checkpoint). */
  checkpoint: string
}

/** How far each outlet of the log (published files, a witness, a sink) has been told. */
export interface LedgerCursorTable {
  name: string
  /** Number of entries it has been told. */
  position: number
  /** The gateway that is telling it, until its lease expires. */
  holder: string | null
  lease_until: number
}

/** The newest checkpoint cosigned by enough witnesses: a single row. */
export interface LedgerWitnessedTable {
  id: Generated<number>
  size: number
  /** The signed checkpoint, with the cosignatures as additional lines. */
  checkpoint: string
  /** The earliest time stated in the cosignatures. */
  at: number
}

/** Sinks that have been lost at some point. How far each was told is in its cursor. */
export interface LedgerSinkTable {
  /** Id of the sink in the configuration. */
  id: string
  /** Null after the sink has recovered. */
  lost_at: number | null
}
