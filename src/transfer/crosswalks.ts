/** Lists a facility's sealed crosswalks and reads them as stored. */
import { NocturneError } from '../lib/errors.js'
import type { Actor } from '../ledger/log/index.js'
import type { CrosswalksAnswer } from '../protocol/http/facility.js'
import type { TransferRooms } from './rooms.js'
import { sealedForFacility } from './sealed-object.js'
import type { SealedObject } from './sealed-object.js'

export interface CrosswalkRange {
  readonly start: string | undefined
  readonly limit: number
  readonly transfer: string | undefined
}

/** In the order in which the requests began, because IDs sort by time. */
export async function listCrosswalks(
  { state }: Pick<TransferRooms, 'state'>,
  facility: string,
  page: CrosswalkRange,
): Promise<CrosswalksAnswer> {
  const rows = await state.db
    .selectFrom('crosswalks')
    .selectAll()
    .where('facility', '=', facility)
    .$if(page.transfer !== undefined, (query) => query.where('transfer', '=', page.transfer ?? ''))
    .$if(page.start !== undefined, (query) => query.where('envelope', '>', page.start ?? ''))
    .orderBy('envelope')
    .limit(page.limit + 1)
    .execute()
  const shown = rows.slice(0, page.limit)
  const next = rows.length > page.limit ? shown.at(-1)?.envelope : undefined
  return {
    crosswalks: shown.map((row) => ({
      id: row.envelope,
      transfer: row.transfer,
      key: row.key_id,
      size: row.size,
      items: row.items,
      createdAt: new Date(row.created_at).toISOString(),
    })),
    ...(next !== undefined && { next }),
  }
}

/**
 * The event is durable before the first byte is sent.
 * @throws NocturneError `not_found`, also for another facility's crosswalk
 */
export async function readCrosswalk(
  rooms: TransferRooms,
  actor: Actor,
  facility: string,
  id: string,
): Promise<SealedObject> {
  const row = await findCrosswalk(rooms, facility, id)
  const receipt = await rooms.ledger.note({
    type: 'crosswalk.read',
    outcome: 0,
    actor,
    facility,
    transfer: row.transfer,
    detail: { envelope: id, items: row.items },
  })
  return sealedForFacility(rooms, receipt, row)
}

/**
 * Size of the message in bytes. Records no event, because no content is returned.
 * @throws NocturneError `not_found`
 */
export async function sizeOfCrosswalk(
  rooms: Pick<TransferRooms, 'state'>,
  facility: string,
  id: string,
): Promise<number> {
  return (await findCrosswalk(rooms, facility, id)).size
}

async function findCrosswalk(
  { state }: Pick<TransferRooms, 'state'>,
  facility: string,
  id: string,
) {
  const row = await state.db
    .selectFrom('crosswalks')
    .selectAll()
    .where('envelope', '=', id)
    .where('facility', '=', facility)
    .executeTakeFirst()
  if (!row) throw new NocturneError('not_found')
  return row
}
