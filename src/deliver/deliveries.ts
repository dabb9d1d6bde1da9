import { NocturneError } from '../lib/errors.js'
import type { Directory, Principal } from '../directory/index.js'
import type { DutyMark } from '../duty/index.js'
import type { GroupConfig } from '../config/index.js'
import type { Actor, EventInput, Ledger } from '../ledger/index.js'
import type { State, TransferTable, Tx } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import { checkAcknowledgement } from './acknowledgement.js'
import type { Acknowledgement, VerifyDetached } from './acknowledgement.js'
import { openDownload, untilEnded } from './download.js'
import type { Download, DownloadRequest } from './download.js'
import { addRecipient, ownPackets, removeRecipient } from './recipients.js'
import type { IsKeyPacketFor, NewRecipient, OwnPackets, RecipientChange } from './recipients.js'
import { aboutTransfer } from './transfer-event.js'
import { viewsOf } from './views.js'
import type { TransferView } from './views.js'

export interface DeliverRooms {
  readonly state: State
  readonly ledger: Ledger
  readonly store: ObjectStore
  readonly directory: Directory
  readonly verifyDetached: VerifyDetached
  readonly isKeyPacketFor: IsKeyPacketFor
  /** Whether a moment is within a group's duty hours; undefined for a group without any. */
  readonly dutyAt: (group: GroupConfig | undefined, at: number) => DutyMark | undefined
  /** The gateway's name, which acknowledgements must carry. */
  readonly gateway: string
  readonly now: () => number
}

/** A reader who may: the access room has decided. */
export interface Reader {
  readonly principal: Principal
  readonly actor: Actor
}

export interface Changed {
  readonly id: string
  readonly state: 'available' | 'acknowledged'
  readonly claimedBy?: string
  readonly claimedAt?: string
  /** c2sp.org/tlog-proof of the event. */
  readonly receipt: string
}

export interface Deliveries {
  /** Available transfers of the reader's groups, by priority, then age; at most 1,000. */
  inbox(reader: Reader): Promise<TransferView[]>
  /** @throws NocturneError `already_claimed`, `transfer_not_available` */
  claim(reader: Reader, transfer: TransferTable): Promise<Changed>
  /** @throws NocturneError `not_claimed` */
  release(reader: Reader, transfer: TransferTable): Promise<Changed>
  /**
   * One whole OpenPGP message: the reader's key packet, then the data. Item 0 is the manifest.
   * @throws NocturneError `not_found`, `transfer_not_available`, `range_not_satisfiable`, `store_unavailable`, `ledger_unavailable`
   */
  fetch(reader: Reader, transfer: TransferTable, request: DownloadRequest): Promise<Download>
  /** Resolves when no download of the transfer by them is under way, or after 2 seconds. */
  untilEnded(reader: string, transfer: string): Promise<void>
  /** @throws NocturneError `acknowledgement_invalid`, `already_claimed`, `transfer_not_available` */
  acknowledge(reader: Reader, transfer: TransferTable, given: Acknowledgement): Promise<Changed>
  /** The asker's key packets, and who may be added. @throws NocturneError `transfer_not_available`, `not_found` */
  ownPackets(asker: Reader, transfer: TransferTable): Promise<OwnPackets>
  /** @throws NocturneError `recipient_not_allowed`, `key_packets_invalid`, `transfer_not_available` */
  addRecipient(
    asker: Reader,
    transfer: TransferTable,
    given: NewRecipient,
  ): Promise<RecipientChange>
  /** @throws NocturneError `recipient_not_allowed`, `transfer_not_available` */
  removeRecipient(
    asker: Reader,
    transfer: TransferTable,
    recipient: string,
  ): Promise<RecipientChange>
}

export function createDeliveries(rooms: DeliverRooms): Deliveries {
  return {
    inbox: (reader) => listInbox(rooms, reader),
    claim: (reader, transfer) => claim(rooms, reader, transfer),
    release: (reader, transfer) => release(rooms, reader, transfer),
    fetch: (reader, transfer, request) => openDownload(rooms, reader, transfer, request),
    untilEnded: (reader, transfer) => untilEnded(rooms, reader, transfer),
    acknowledge: (reader, transfer, given) => acknowledge(rooms, reader, transfer, given),
    ownPackets: (asker, transfer) => ownPackets(rooms, asker, transfer),
    addRecipient: (asker, transfer, given) => addRecipient(rooms, asker, transfer, given),
    removeRecipient: (asker, transfer, recipient) =>
      removeRecipient(rooms, asker, transfer, recipient),
  }
}

const URGENCY = { stat: 0, urgent: 1, routine: 2 } as const

async function listInbox({ state }: DeliverRooms, { principal }: Reader): Promise<TransferView[]> {
  if (principal.groups.length === 0) return []
  const rows = await state.db
    .selectFrom('transfers')
    .selectAll()
    .where('state', '=', 'available')
    .where('group_id', 'in', principal.groups)
    .orderBy('available_at')
    .limit(1_000)
    .execute()
  // The sort is stable, so age decides among equals.
  rows.sort((a, b) => URGENCY[a.priority] - URGENCY[b.priority])
  return viewsOf(state.db, rows)
}

/** The one UPDATE that matches an unclaimed row decides who wins: of any number at once, exactly one. */
async function claim(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: TransferTable,
): Promise<Changed> {
  const now = rooms.now()
  const receipt = await change(rooms, reader, transfer, 'transfer.claimed', {}, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('transfers')
      .set({ claimed_by: reader.principal.id, claimed_at: now })
      .where('id', '=', transfer.id)
      .where('state', '=', 'available')
      .where('claimed_by', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw await whyNot(tx, transfer.id)
  })
  const claimedAt = new Date(now).toISOString()
  return { id: transfer.id, state: 'available', claimedBy: reader.principal.id, claimedAt, receipt }
}

async function release(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: TransferTable,
): Promise<Changed> {
  const receipt = await change(rooms, reader, transfer, 'transfer.released', {}, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('transfers')
      .set({ claimed_by: null, claimed_at: null })
      .where('id', '=', transfer.id)
      .where('state', '=', 'available')
      .where('claimed_by', '=', reader.principal.id)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new NocturneError('not_claimed')
  })
  return { id: transfer.id, state: 'available', receipt }
}

async function acknowledge(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: TransferTable,
  given: Acknowledgement,
): Promise<Changed> {
  const detail = await checkAcknowledgement(rooms, reader.principal, transfer, given)
  const receipt = await change(
    rooms,
    reader,
    transfer,
    'transfer.acknowledged',
    detail,
    async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('transfers')
        .set({
          state: 'acknowledged',
          acknowledged_by: reader.principal.id,
          acknowledged_at: rooms.now(),
        })
        .where('id', '=', transfer.id)
        .where('state', '=', 'available')
        .where((eb) =>
          eb.or([eb('claimed_by', 'is', null), eb('claimed_by', '=', reader.principal.id)]),
        )
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) throw await whyNot(tx, transfer.id)
    },
  )
  return { id: transfer.id, state: 'acknowledged', receipt }
}

/** One change of a transfer and its event, in one transaction; answers the receipt's text. */
async function change(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: TransferTable,
  type: EventInput['type'],
  detail: NonNullable<EventInput['detail']>,
  apply: (tx: Tx) => Promise<void>,
): Promise<string> {
  const { receipts } = await rooms.ledger.record(async (tx) => {
    await apply(tx)
    return {
      value: undefined,
      events: [
        {
          ...aboutTransfer(reader, transfer),
          type,
          outcome: 0,
          detail,
        },
      ],
    }
  })
  return rooms.ledger.proof(receipts[0].index)
}

async function whyNot(tx: Tx, transfer: string): Promise<NocturneError> {
  const row = await tx
    .selectFrom('transfers')
    .select('state')
    .where('id', '=', transfer)
    .executeTakeFirst()
  return new NocturneError(
    row?.state === 'available' ? 'already_claimed' : 'transfer_not_available',
  )
}
