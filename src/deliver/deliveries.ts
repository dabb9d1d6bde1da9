import type { PacketsAnswer, RecipientAnswer } from '../protocol/http/recipients.js'
import type { ChangedAnswer } from '../protocol/http/transfers.js'
import { checkAcknowledgement } from './acknowledgement.js'
import type { Acknowledgement } from './acknowledgement.js'
import { describeDownload, openDownload } from './download.js'
import type { Download, DownloadRequest } from './download.js'
import { addRecipient, ownPackets, removeRecipient } from './recipients.js'
import type { NewRecipient } from './recipients.js'
import { endLeft } from './left.js'
import { Ranges } from './ranges.js'
import { untilEnded } from './until-ended.js'
import { recordChange } from './transfer-event.js'
import type { Transfer, TransferView } from '../transfer/index.js'
import type { DeliverRooms, Reader } from './contract.js'

export interface Deliveries {
  /** Available transfers of the reader's groups, by priority and then age; at most 1,000. */
  inbox(reader: Reader): Promise<TransferView[]>
  /**
   * Returns one complete OpenPGP message: the reader's key packet, then the data. Item 0 is the
   * manifest.
   * @throws NocturneError `not_found`, `transfer_not_available`, `range_not_satisfiable`,
   *   `store_unavailable`, `ledger_unavailable`
   */
  fetch(reader: Reader, transfer: Transfer, request: DownloadRequest): Promise<Download>
  /**
   * Returns the size and ETag that `fetch` would return, without recording an event.
   * @throws NocturneError `not_found`, `transfer_not_available`
   */
  describe(
    reader: Reader,
    transfer: Transfer,
    index: number,
  ): Promise<Pick<Download, 'size' | 'etag'>>
  /** Resolves when the reader has no download of the transfer in progress, or after 2 seconds. */
  untilEnded(reader: string, transfer: string): Promise<void>
  /**
   * Ends the downloads of dead gateways: those whose lease expired before this time (milliseconds
   * since 1970), and those in ranges that nobody has continued for a while.
   */
  endLeft(leasedBefore: number): Promise<void>
  /** Before the gateway stops: ends the downloads in ranges. */
  endRanges(): Promise<void>
  /**
   * @throws NocturneError `acknowledgement_invalid`, `already_claimed`, `transfer_not_available`
   */
  acknowledge(reader: Reader, transfer: Transfer, given: Acknowledgement): Promise<ChangedAnswer>
  /**
   * Returns the asker's key packets, and who may be added.
   * @throws NocturneError `transfer_not_available`, `not_found`
   */
  ownPackets(asker: Reader, transfer: Transfer): Promise<PacketsAnswer>
  /**
   * @throws NocturneError `recipient_not_allowed`, `key_packets_invalid`, `transfer_not_available`
   */
  addRecipient(asker: Reader, transfer: Transfer, given: NewRecipient): Promise<RecipientAnswer>
  /** @throws NocturneError `recipient_not_allowed`, `transfer_not_available` */
  removeRecipient(asker: Reader, transfer: Transfer, recipient: string): Promise<RecipientAnswer>
}

export function createDeliveries(rooms: DeliverRooms): Deliveries {
  const ranges = new Ranges(rooms.now)
  return {
    inbox: (reader) => listInbox(rooms, reader),
    fetch: (reader, transfer, request) => openDownload(rooms, ranges, reader, transfer, request),
    describe: (reader, transfer, index) => describeDownload(rooms, reader, transfer, index),
    untilEnded: async (reader, transfer) => {
      await ranges.endOf(reader, transfer)
      await untilEnded(rooms, reader, transfer)
    },
    endLeft: async (leasedBefore) => {
      await ranges.endIdle()
      await endLeft(rooms, leasedBefore)
    },
    endRanges: () => ranges.endAll(),
    acknowledge: (reader, transfer, given) => acknowledge(rooms, reader, transfer, given),
    ownPackets: (asker, transfer) => ownPackets(rooms, asker, transfer),
    addRecipient: (asker, transfer, given) => addRecipient(rooms, asker, transfer, given),
    removeRecipient: (asker, transfer, recipient) =>
      removeRecipient(rooms, asker, transfer, recipient),
  }
}

const URGENCY = { stat: 0, urgent: 1, routine: 2 } as const

const INBOX = 1_000

async function listInbox(
  { transfers }: DeliverRooms,
  { principal }: Reader,
): Promise<TransferView[]> {
  const found = await transfers.available(principal.groups, INBOX)
  // The sort is stable, so transfers of equal priority stay in order of age.
  return transfers.views(found.sort((a, b) => URGENCY[a.priority] - URGENCY[b.priority]))
}

async function acknowledge(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: Transfer,
  given: Acknowledgement,
): Promise<ChangedAnswer> {
  const outcomesOf = async (of: Transfer) => (await rooms.transfers.views([of]))[0]?.outcomes
  const parts = { ...rooms, outcomesOf }
  const detail = await checkAcknowledgement(parts, reader.principal, transfer, given)
  const receipt = await recordChange(rooms, reader, transfer, {
    type: 'transfer.acknowledged',
    detail,
    apply: async (tx) => {
      const asker = { id: reader.principal.id, actor: reader.actor }
      await rooms.transfers.claims.acknowledge(tx, transfer.id, asker.id, rooms.now())
      const opened = { recipient: asker.id, transfer: transfer.id, at: rooms.now() }
      await rooms.transfers.contents.proveKeyPackets(tx, opened, 'all')
      return rooms.cases.opened(tx, asker, transfer.id, rooms.closesCases)
    },
  })
  return { id: transfer.id, state: 'acknowledged', receipt }
}
