/** One download: begin recorded in the ledger, bytes streamed, end recorded in the ledger. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { EventInput, Receipt } from '../ledger/log/index.js'
import type { Transfer } from '../transfer/index.js'
import type { ByteRange } from '../store/index.js'
import type { DeliverRooms, Reader } from './contract.js'
import type { Begun, Ranges } from './ranges.js'
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
  /** A strong ETag, over the stored object and the reader's key packets. */
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

/** @param ranges - those under way in this process */
export async function openDownload(
  rooms: DeliverRooms,
  ranges: Ranges,
  reader: Reader,
  transfer: Transfer,
  request: DownloadRequest,
): Promise<Download> {
  expectAvailable(transfer)
  const sealed = await findSealed(rooms, reader, transfer, request.index)
  const { size, etag } = measured(sealed)
  const range = request.range(size, etag)
  const wanted = range ?? { start: 0, end: size - 1 }
  const common = {
    ...aboutTransfer(reader, transfer),
    transfer: transfer.id,
    group: transfer.group,
    item: request.index,
    // In a transfer for one patient, documents belong to that patient too although they name
    // nobody.
    ...(sealed.patient !== undefined && { patient: sealed.patient }),
  }
  const asked = { common, sealed, wanted }
  const begun = range
    ? await beginRange(rooms, ranges, asked, size)
    : await beginWhole(rooms, asked)
  const bytes = await letBytesOut(rooms, begun.receipt, { ...begun, ...asked })
  return { size, etag, range, event: begun.receipt.index, bytes }
}

async function beginWhole(rooms: DeliverRooms, asked: Asked) {
  const { id, receipt } = await recordBegin(rooms, asked)
  const whole = asked.wanted.end - asked.wanted.start + 1
  const end = (bytes: number) => recordEnd(rooms, id, asked, { bytes }, bytes === whole)
  return { id, receipt, end }
}

async function beginRange(rooms: DeliverRooms, ranges: Ranges, asked: Asked, size: number) {
  const { common, sealed } = asked
  const { id: reader, token = '', address = '' } = common.actor
  const key = [reader, token, address, sealed.object, sealed.fingerprint].join(' ')
  const begun = await ranges.join(
    { key, reader, transfer: common.transfer, size },
    {
      begin: () => recordBegin(rooms, asked),
      renew: (id) => renewLease(rooms, id),
      end: (id, sent) => recordEnd(rooms, id, asked, { ...sent }, true),
    },
  )
  return { ...begun, end: (bytes: number) => ranges.leave(key, bytes) }
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

const measured = ({ packet, size, object }: Sealed) => ({
  size: packet.length + size,
  etag: `"${object.split('/').at(-1) ?? ''}-${createHash('sha256').update(packet).digest('hex').slice(0, 16)}"`,
})

function expectAvailable({ state }: Transfer): void {
  if (state === 'expired') throw new NocturneError('content_expired')
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

type Common = Pick<EventInput, 'actor' | 'facility' | 'patient'> & {
  readonly transfer: string
  readonly item: number
  readonly group: string
}

interface Asked {
  readonly common: Common
  readonly sealed: Sealed
  readonly wanted: ByteRange
}

interface UnderWay extends Asked {
  readonly id: string
  /** Call once, with the number of bytes sent. */
  readonly end: (bytes: number) => Promise<void>
}

async function recordBegin(
  rooms: DeliverRooms,
  { common, sealed: { fingerprint }, wanted: { start, end } }: Asked,
): Promise<Begun> {
  const id = newId(rooms.now())
  const { receipts } = await rooms.ledger.record(async (tx) => {
    await rooms.cases.renewForFetch(tx, common.actor.id, common.transfer)
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
  return { id, receipt: receipts[0] }
}

/**
 * The only function that sends bytes of a transfer. It demands the receipt of "download begun",
 * which only the ledger can make. The store is queried before the answer begins, so that the
 * reader gets an error when it is unavailable.
 */
export async function letBytesOut(
  rooms: DeliverRooms,
  _receipt: Receipt,
  begun: UnderWay,
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
    await begun.end(0)
    throw error
  }
}

async function* sendBytes(
  rooms: DeliverRooms,
  begun: UnderWay,
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
    await begun.end(sent)
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
  id: string,
  { common }: Asked,
  sent: Readonly<Record<string, number>>,
  isWhole: boolean,
): Promise<void> {
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
          detail: sent,
        },
      ],
    }
  })
}
