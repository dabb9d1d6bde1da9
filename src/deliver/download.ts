/** One download: begin recorded in the ledger, bytes streamed, end recorded in the ledger. */
import { setTimeout as sleep } from 'node:timers/promises'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { EventInput, Receipt } from '../ledger/log/index.js'
import type { Transfer } from '../transfer/index.js'
import type { ByteRange } from '../store/index.js'
import type { DeliverRooms, Reader } from './contract.js'
import { aboutTransfer } from './transfer-event.js'

export interface DownloadRequest {
  /** Item number; 0 is the manifest. */
  readonly index: number
  /** Chooses the bytes to send once size and entity tag are known; undefined for all. */
  readonly range: (size: number, etag: string) => ByteRange | undefined
}

export interface Download {
  /** Size of the complete message in bytes. */
  readonly size: number
  /** A strong ETag: the stored bytes and the reader's key packet never change. */
  readonly etag: string
  readonly range: ByteRange | undefined
  /**
   * Index of the "download begun" event in the ledger, which the client uses to request the
   * receipt.
   */
  readonly event: number
  /**
   * Iterate once. When the iteration ends or is abandoned, the end is recorded with the number of
   * bytes sent.
   */
  readonly bytes: AsyncIterable<Buffer>
}

/**
 * While bytes are being sent, the row's lease is extended by this time; a gateway that dies stops
 * extending it.
 */
const DOWNLOAD_LEASE_MS = 120_000

interface Sealed {
  readonly object: string
  readonly size: number
  readonly packet: Buffer
  readonly fingerprint: string
  /** Handle of the patient whom the instance names. */
  readonly patient: string | undefined
}

export async function openDownload(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: Transfer,
  request: DownloadRequest,
): Promise<Download> {
  expectAvailable(transfer)
  const sealed = await findSealed(rooms, reader, transfer, request.index)
  const { size, etag } = measured(sealed)
  const range = request.range(size, etag)
  const wanted = range ?? { start: 0, end: size - 1 }
  const id = newId(rooms.now())
  const common = {
    ...aboutTransfer(reader, transfer),
    transfer: transfer.id,
    group: transfer.group,
    item: request.index,
    // In a transfer for one patient, documents belong to that patient too although they name
    // nobody.
    ...(sealed.patient !== undefined && { patient: sealed.patient }),
  }
  const receipt = await recordBegin(rooms, id, common, sealed, wanted)
  const bytes = await letBytesOut(rooms, receipt, { id, common, sealed, wanted })
  return { size, etag, range, event: receipt.index, bytes }
}

/**
 * Size and ETag of a download; sends no byte, so it records no event.
 * @throws NocturneError `not_found`, `transfer_not_available`
 */
export async function describeDownload(
  rooms: DeliverRooms,
  reader: Reader,
  transfer: Transfer,
  index: number,
): Promise<Pick<Download, 'size' | 'etag'>> {
  expectAvailable(transfer)
  return measured(await findSealed(rooms, reader, transfer, index))
}

const measured = ({ packet, size, object, fingerprint }: Sealed) => ({
  size: packet.length + size,
  etag: `"${object.split('/').at(-1) ?? ''}-${fingerprint.slice(0, 16)}"`,
})

function expectAvailable({ state }: Transfer): void {
  if (state !== 'available' && state !== 'acknowledged')
    throw new NocturneError('transfer_not_available')
}

/**
 * Finds the data and the reader's own key packet. An item not sealed to the reader is reported as
 * not found.
 */
async function findSealed(
  { transfers, directory }: DeliverRooms,
  { principal }: Reader,
  transfer: Transfer,
  index: number,
): Promise<Sealed> {
  const content = await transfers.contents.one(transfer, index)
  if (!content) throw new NocturneError('not_found')
  const { object, size, envelope, patient } = content
  const packet = await transfers.contents.keyPacketFor(envelope, principal.id)
  if (!packet || !directory.principal(principal.id)) throw new NocturneError('not_found')
  return { object, size, patient, ...packet }
}

type Common = Pick<EventInput, 'actor' | 'facility' | 'group' | 'transfer' | 'item' | 'patient'>

interface Begun {
  readonly id: string
  readonly common: Common
  readonly sealed: Sealed
  readonly wanted: ByteRange
}

async function recordBegin(
  rooms: DeliverRooms,
  id: string,
  common: Common & { readonly transfer: string; readonly item: number; readonly group: string },
  { fingerprint }: Sealed,
  { start, end }: ByteRange,
): Promise<Receipt> {
  const { receipts } = await rooms.ledger.record(async (tx) => {
    await rooms.cases.worked(tx, common.actor.id, common.transfer)
    await tx
      .insertInto('downloads')
      .values({
        id,
        transfer: common.transfer,
        idx: common.item,
        principal: common.actor.id,
        lease_until: rooms.now() + DOWNLOAD_LEASE_MS,
      })
      .execute()
    return {
      value: undefined,
      events: [
        {
          ...common,
          type: 'download.begun',
          outcome: 0,
          detail: {
            download: id,
            fingerprint,
            start,
            end,
            ...rooms.dutyAt(rooms.directory.group(common.group), rooms.now()),
          },
        },
      ],
    }
  })
  return receipts[0]
}

/**
 * The only function that sends bytes of a transfer. It demands the receipt of "download begun",
 * which only the ledger can make. The store is queried before the response begins, so that the
 * reader gets an error when it is unavailable.
 */
export async function letBytesOut(
  rooms: DeliverRooms,
  _receipt: Receipt,
  begun: Begun,
): Promise<AsyncIterable<Buffer>> {
  const { packet, object } = begun.sealed
  const { start, end } = begun.wanted
  const first = packet.length
  try {
    const data =
      end < first
        ? undefined
        : await rooms.store.get(object, { start: Math.max(0, start - first), end: end - first })
    return sendBytes(rooms, begun, packet.subarray(start, end + 1), data)
  } catch (error) {
    await recordEnd(rooms, begun, 0)
    throw error
  }
}

async function* sendBytes(
  rooms: DeliverRooms,
  begun: Begun,
  packet: Buffer,
  data: AsyncIterable<Buffer> | undefined,
): AsyncGenerator<Buffer> {
  let sent = 0
  let renewAt = rooms.now() + DOWNLOAD_LEASE_MS / 2
  try {
    if (packet.length > 0) yield packet
    sent += packet.length
    for await (const chunk of data ?? []) {
      yield chunk
      sent += chunk.length
      if (rooms.now() > renewAt) {
        renewAt = rooms.now() + DOWNLOAD_LEASE_MS / 2
        await renewLease(rooms, begun.id)
      }
    }
  } finally {
    await recordEnd(rooms, begun, sent)
  }
}

async function renewLease(rooms: DeliverRooms, id: string): Promise<void> {
  await rooms.state.transaction((tx) =>
    tx
      .updateTable('downloads')
      .set({ lease_until: rooms.now() + DOWNLOAD_LEASE_MS })
      .where('id', '=', id)
      .execute(),
  )
}

/**
 * If the lease expired, the sweep may already have ended the download; the bytes actually sent are
 * recorded all the same.
 */
async function recordEnd(
  rooms: DeliverRooms,
  { id, common, wanted }: Begun,
  sent: number,
): Promise<void> {
  const isWhole = sent === wanted.end - wanted.start + 1
  await rooms.ledger.record(async (tx) => {
    await tx.deleteFrom('downloads').where('id', '=', id).execute()
    return {
      value: undefined,
      events: [
        {
          ...common,
          type: 'download.ended',
          outcome: isWhole ? 0 : 4,
          related: id,
          detail: { bytes: sent },
        },
      ],
    }
  })
}

const END_WAIT_MS = 2_000
const END_POLL_MS = 50

/**
 * The end of a download is recorded only after its last byte, so a client that has all bytes may
 * ask for the receipt before that.
 */
export async function untilEnded(
  { state, now }: DeliverRooms,
  reader: string,
  transfer: string,
): Promise<void> {
  for (let waited = 0; waited < END_WAIT_MS; waited += END_POLL_MS) {
    const underWay = await state.db
      .selectFrom('downloads')
      .select('id')
      .where('transfer', '=', transfer)
      .where('principal', '=', reader)
      .where('lease_until', '>', now())
      .executeTakeFirst()
    if (!underWay) return
    await sleep(END_POLL_MS)
  }
}
