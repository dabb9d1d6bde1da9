/** The first durable step of an upload: the event, and an envelope under a lease. */
import type { Cases } from '../cases/index.js'
import type { Waits } from '../intake/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput } from '../ledger/log/index.js'
import type { DataFormat } from '../seal/index.js'
import type { Priority, Tx } from '../state/index.js'
import { LEASE_MS } from './lease.js'
import type { QuarantineRelease } from './quarantine/release.js'
import { expectRoom } from './quota.js'
import type { TransferRooms } from './rooms.js'
import { insertUploadKey } from './upload/upload-key.js'
import type { UploadKey } from './upload/upload-key.js'

export interface UploadTarget {
  readonly actor: Actor
  readonly facility: string
  readonly group: string
  readonly priority: Priority
  /** The open transfer to add items to; absent for a new transfer. */
  readonly transfer?: string
  /** The case that the sender addressed it to and is allowed to send to. */
  readonly case?: string
  /** Set when quarantined originals are brought back into a new transfer. */
  readonly release?: QuarantineRelease
  /**
   * The transfer that this one continues for the same reading, with released items of the study.
   */
  readonly continues?: string
  /** The client's own name for this request. */
  readonly key?: UploadKey
  /** Number of files that the sender has but could not send. */
  readonly missing?: number
  /** Sent again on purpose, so it is not compared with earlier transfers. */
  readonly again?: boolean
  /** De-identifies instead of the facility's own profile; named by an intake rule. */
  readonly profile?: string
  /** Why the group is not known yet; `group` is NO_GROUP then. */
  readonly waits?: Waits
  /** For a prior study: the transfer of the study that it was asked for. */
  readonly priorOf?: string
  /** Handles of the orders that a requisition may be about. */
  readonly orders?: readonly string[]
}

export interface BegunEnvelope {
  readonly target: UploadTarget
  readonly transfer: string
  readonly envelope: string
  /** This request created the transfer, so nobody else can see it before the commit. */
  readonly isFirst: boolean
  /** Number of items from earlier requests. */
  readonly itemsBefore: number
  readonly bytesBefore: number
  readonly createdAt: number
  /** Id of the begin event, which the end event refers to. */
  readonly begunEvent: string
}

/**
 * @param also further writes for the same transaction; returns their events
 * @throws NocturneError `quota_reached`, `transfer_not_open`, `upload_under_way`,
 *   `ledger_unavailable`
 */
export async function beginEnvelope(
  rooms: TransferRooms,
  target: UploadTarget,
  envelope: { readonly transfer: string; readonly id: string; readonly format: DataFormat },
  also?: (tx: Tx) => Promise<readonly EventInput[]>,
): Promise<BegunEnvelope> {
  const { transfer, id, format } = envelope
  await expectRoom(rooms, target)
  const { value, receipts } = await rooms.ledger.record(async (tx) => {
    const now = rooms.now()
    let before = { next_index: 1, byte_count: 0, created_at: now }
    if (target.transfer === undefined) {
      await tx
        .insertInto('transfers')
        .values(newTransfer(transfer, target, now))
        .execute()
    } else {
      const open = await tx
        .selectFrom('transfers')
        .select(['next_index', 'byte_count', 'created_at'])
        .where('id', '=', transfer)
        .where('state', '=', 'open')
        .executeTakeFirst()
      if (!open) throw new NocturneError('transfer_not_open')
      before = open
    }
    await tx
      .insertInto('envelopes')
      .values({ id, transfer, state: 'receiving', format, lease_until: now + LEASE_MS })
      .execute()
    const about = { facility: target.facility, envelope: id, transfer, now }
    if (target.key) await insertUploadKey(tx, target.key, about)
    const events = (await also?.(tx)) ?? []
    return {
      value: before,
      events: [
        {
          type: 'transfer.begun',
          outcome: 0,
          actor: target.actor,
          facility: target.facility,
          group: target.group,
          transfer,
          detail: begunDetail(target, envelope),
        },
        ...events,
      ],
    }
  })
  return {
    target,
    transfer,
    envelope: id,
    isFirst: target.transfer === undefined,
    itemsBefore: value.next_index - 1,
    bytesBefore: value.byte_count,
    createdAt: value.created_at,
    begunEvent: receipts[0].id,
  }
}

const begunDetail = (
  { priority, key }: UploadTarget,
  { id: envelope, format }: { readonly id: string; readonly format: DataFormat },
) => ({ priority, envelope, format, ...(key && { key: key.key }) })

/** The row of a transfer whose first request begins. */
export const newTransfer = (id: string, target: UploadTarget, now: number) => ({
  id,
  facility: target.facility,
  group_id: target.group,
  sender: target.actor.id,
  priority: target.priority,
  state: 'receiving' as const,
  created_at: now,
  available_at: null,
  claimed_by: null,
  claimed_at: null,
  acknowledged_by: null,
  acknowledged_at: null,
  item_count: 0,
  byte_count: 0,
  next_index: 1,
  manifest_digest: null,
  manifest_object: null,
  manifest_size: null,
  manifest_envelope: null,
  continues: target.continues ?? null,
  sent_handle: null,
  missing: target.missing ?? 0,
  patient: null,
  profile: target.profile ?? null,
})

type Arriving = Parameters<Cases['arrive']>[2]

/** The facts about a transfer that its case needs. */
export const arrivingOf = (
  {
    facility,
    group,
    priority,
    case: joins,
    continues,
    priorOf,
  }: Pick<UploadTarget, 'facility' | 'group' | 'priority' | 'case' | 'continues' | 'priorOf'>,
  transfer: Pick<Arriving, 'id' | 'isAvailable' | 'patient' | 'modalities'>,
): Arriving => ({
  ...transfer,
  facility,
  group,
  priority,
  ...(joins !== undefined && { joins: { case: joins, joining: 'late' } }),
  ...(continues !== undefined && { releasedFrom: continues }),
  ...(priorOf !== undefined && { priorOf }),
})
