/** Transfers as other rooms see them, and who may know about one. */
import type { Station } from '../lib/station.js'
import { ID_PATTERN } from '../lib/ids.js'
import type { Priority, State, Db } from '../state/index.js'
import type { TransferState, TransferTable } from '../state/tables/index.js'

/** Only this room can make one, so its holder has asked this room and not the database. */
export type Transfer = Station<
  'transfer',
  {
    readonly id: string
    readonly facility: string
    readonly group: string
    readonly priority: Priority
    readonly state: TransferState
    /** In milliseconds since 1970, like all times below. */
    readonly createdAt: number
    /** When it became available to the readers it was sealed to. */
    readonly availableAt: number | undefined
    readonly claimedBy: string | undefined
    readonly claimedAt: number | undefined
    readonly acknowledgedBy: string | undefined
    readonly acknowledgedAt: number | undefined
    /** Number of accepted items, and the size of their content in bytes. */
    readonly items: number
    readonly bytes: number
    /** Number of files that the sender could not send. */
    readonly missing: number
    /** Set once available. */
    readonly manifest: StoredManifest | undefined
    /** Set once available: keyed handle of the patient, if the items name exactly one. */
    readonly patient: string | undefined
    /** The profile that an intake rule named, if any. */
    readonly profile: string | undefined
  }
>

export interface StoredManifest {
  /** SHA-256 of the manifest's JSON, hexadecimal. */
  readonly digest: string
  readonly object: string
  /** Size of the sealed data in bytes, not counting the key packet. */
  readonly size: number
  readonly envelope: string
}

/**
 * Who is connected to a transfer: its facility, its group, the holder of its claim, and those who
 * can open it.
 */
export interface Ties {
  readonly facility: string
  readonly group: string
  readonly claimedBy: string | undefined
  /** IDs of the principals whose certificates it is sealed to; may include `recovery`. */
  readonly sealedTo: readonly string[]
}

/** Whose transfers a list shows; all transfers when neither field is given. */
export interface TransferScope {
  readonly facility?: string | undefined
  readonly groups?: readonly string[] | undefined
}

/** A transfer whose first request is still in progress is not visible to anyone. */
export async function findTransfer(
  { db }: Pick<State, 'db'>,
  id: string,
): Promise<Transfer | undefined> {
  if (!ID_PATTERN.test(id)) return undefined
  const row = await db
    .selectFrom('transfers')
    .selectAll()
    .where('id', '=', id)
    .where('state', '<>', 'receiving')
    .executeTakeFirst()
  return row && transferOf(row)
}

/** Newest first. A page starts after the last ID of the previous page, because IDs sort by time. */
export async function pageOfTransfers(
  { db }: Pick<State, 'db'>,
  { facility, groups }: TransferScope,
  page: { readonly start: string | undefined; readonly limit: number },
): Promise<{ readonly transfers: readonly Transfer[]; readonly next: string | undefined }> {
  const rows = await db
    .selectFrom('transfers')
    .selectAll()
    .where('state', '<>', 'receiving')
    .$if(facility !== undefined, (query) => query.where('facility', '=', facility ?? ''))
    .$if(groups !== undefined, (query) => query.where('group_id', 'in', ['', ...(groups ?? [])]))
    .$if(page.start !== undefined, (query) => query.where('id', '<', page.start ?? ''))
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  const shown = rows.slice(0, page.limit).map(transferOf)
  return { transfers: shown, next: rows.length > page.limit ? shown.at(-1)?.id : undefined }
}

/** Available transfers of the groups, oldest first. */
export async function availableTransfers(
  { db }: Pick<State, 'db'>,
  groups: readonly string[],
  limit: number,
): Promise<Transfer[]> {
  if (groups.length === 0) return []
  const rows = await db
    .selectFrom('transfers')
    .selectAll()
    .where('state', '=', 'available')
    .where('group_id', 'in', groups)
    .orderBy('available_at')
    .limit(limit)
    .execute()
  return rows.map(transferOf)
}

export async function tiesOf(state: Pick<State, 'db'>, transfer: Transfer): Promise<Ties> {
  const { facility, group, claimedBy } = transfer
  return { facility, group, claimedBy, sealedTo: await sealedTo(state.db, [transfer.id]) }
}

export async function sealedTo(db: Db, transfers: readonly string[]): Promise<string[]> {
  if (transfers.length === 0) return []
  const rows = await db
    .selectFrom('key_packets')
    .innerJoin('envelopes', 'envelopes.id', 'key_packets.envelope')
    .select('key_packets.recipient')
    .distinct()
    .where('envelopes.transfer', 'in', transfers)
    .where('envelopes.state', '=', 'committed')
    .execute()
  return rows.map(({ recipient }) => recipient)
}

/** Only for this room. */
export function transferOf(row: TransferTable): Transfer {
  const { manifest_digest: digest, manifest_object: object } = row
  const { manifest_size: size, manifest_envelope: envelope } = row
  const isListed = digest !== null && object !== null && size !== null && envelope !== null
  return {
    id: row.id,
    facility: row.facility,
    group: row.group_id,
    priority: row.priority,
    state: row.state,
    createdAt: row.created_at,
    availableAt: row.available_at ?? undefined,
    claimedBy: row.claimed_by ?? undefined,
    claimedAt: row.claimed_at ?? undefined,
    acknowledgedBy: row.acknowledged_by ?? undefined,
    acknowledgedAt: row.acknowledged_at ?? undefined,
    items: row.item_count,
    bytes: row.byte_count,
    missing: row.missing,
    manifest: isListed ? { digest, object, size, envelope } : undefined,
    patient: row.patient ?? undefined,
    profile: row.profile ?? undefined,
  } as Transfer
}
