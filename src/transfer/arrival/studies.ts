/** The database rows of studies that arrive instance by instance. */
import { createHash } from 'node:crypto'
import type { Actor } from '../../ledger/log/index.js'
import { NocturneError } from '../../lib/errors.js'
import type { Waits } from '../../intake/index.js'
import type { Priority, Tx, Db } from '../../state/index.js'
import { NO_GROUP } from '../../protocol/words.js'
import type { UploadTarget } from '../begin.js'

/** The keyed handle of a Study Instance UID. */
export type StudyKey = string

/**
 * There is at most one open transfer per study, facility and group, and one more for each case that
 * it is a prior study of.
 */
const openKeyOf = ({ facility, group, priorOf }: UploadTarget, study: StudyKey): string =>
  createHash('sha256')
    .update([facility, group, study, ...(priorOf === undefined ? [] : [priorOf])].join('\0'))
    .digest('hex')

/**
 * The study's open transfer, and all transfers that it has had. Those that brought it as a prior
 * study do not count for the study itself, which is still to be read, nor those of another case.
 */
export async function findArrival(
  db: Db,
  target: UploadTarget,
  study: StudyKey,
): Promise<{ readonly transfer: string | undefined; readonly earlier: readonly string[] }> {
  const key = openKeyOf(target, study)
  const rows = await db
    .selectFrom('arrivals')
    .innerJoin('transfers', 'transfers.id', 'arrivals.transfer')
    .select(['arrivals.transfer', 'arrivals.open_key', 'transfers.state'])
    .where('arrivals.facility', '=', target.facility)
    .where('arrivals.study', '=', study)
    .where('arrivals.prior_of', 'is', target.priorOf ?? null)
    .execute()
  const open = rows.find(({ open_key, state }) => open_key === key && state === 'open')
  return { transfer: open?.transfer, earlier: rows.map(({ transfer }) => transfer) }
}

/**
 * @throws NocturneError `transfer_not_open` when another gateway has just opened one for the study:
 *   retry
 */
export async function writeArrival(
  tx: Tx,
  target: UploadTarget,
  study: StudyKey,
  transfer: string,
  now: number,
): Promise<void> {
  const key = openKeyOf(target, study)
  const others = await tx
    .selectFrom('arrivals')
    .innerJoin('transfers', 'transfers.id', 'arrivals.transfer')
    .select(['arrivals.transfer', 'transfers.state'])
    .where('arrivals.open_key', '=', key)
    .execute()
  for (const other of others) {
    if (other.state === 'receiving' || other.state === 'open') {
      throw new NocturneError('transfer_not_open')
    }
    await closeArrival(tx, other.transfer)
  }
  const { facility, group: group_id, priorOf: prior_of = null } = target
  await tx
    .insertInto('arrivals')
    .values({ transfer, facility, group_id, study, opened_at: now, open_key: key, prior_of })
    .execute()
}

/**
 * The study now belongs to this group. Its transfer is completed next: until then it is still
 * watched, and what arrives meanwhile starts another one.
 */
export async function detachArrival(tx: Tx, transfer: string, group: string): Promise<void> {
  const open_key = createHash('sha256').update([group, transfer].join('\0')).digest('hex')
  await tx
    .updateTable('arrivals')
    .set({ group_id: group, open_key })
    .where('transfer', '=', transfer)
    .execute()
}

/**
 * May be called for any transfer; one that did not arrive instance by instance has no row here.
 * Returns the transfer that it is a prior study of, if it is one.
 */
export async function closeArrival(tx: Tx, transfer: string): Promise<string | undefined> {
  const row = await tx
    .updateTable('arrivals')
    .set({ open_key: null })
    .where('transfer', '=', transfer)
    .returning('prior_of')
    .executeTakeFirst()
  return row?.prior_of ?? undefined
}

/** A study that is accepting instances. */
export interface OpenArrival {
  readonly study: StudyKey
  readonly transfer: string
  readonly actor: Actor
  readonly facility: string
  readonly group: string
  readonly priority: Priority
  readonly profile?: string
  readonly waits?: Waits
  readonly priorOf?: string
  /** Whether a person has named the group of a study that waits. */
  readonly isAssigned: boolean
}

/** All studies whose transfer is open. */
export async function openArrivals(db: Db): Promise<readonly OpenArrival[]> {
  const rows = await db
    .selectFrom('arrivals')
    .innerJoin('transfers', 'transfers.id', 'arrivals.transfer')
    .leftJoin('waiting_studies as waiting', 'waiting.transfer', 'arrivals.transfer')
    .select(['arrivals.study', 'arrivals.facility', 'arrivals.group_id', 'arrivals.prior_of'])
    .select(['transfers.id', 'transfers.sender', 'transfers.priority', 'transfers.profile'])
    .select(['waiting.reason', 'waiting.group_id as assigned'])
    .where('arrivals.open_key', 'is not', null)
    .where('transfers.state', '=', 'open')
    .execute()
  return rows.map((row) => ({
    study: row.study,
    transfer: row.id,
    actor: { id: row.sender, role: 'sender' },
    facility: row.facility,
    group: row.group_id,
    priority: row.priority,
    ...(row.profile !== null && { profile: row.profile }),
    ...(row.reason !== null && row.group_id === NO_GROUP && { waits: row.reason }),
    ...(row.prior_of !== null && { priorOf: row.prior_of }),
    isAssigned: row.assigned !== null,
  }))
}
