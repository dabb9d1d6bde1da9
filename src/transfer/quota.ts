/** How much a facility may send within a day, so that one cannot fill the store of all. */
import { NocturneError } from '../lib/errors.js'
import type { Db, Priority } from '../state/index.js'
import type { TransferRooms } from './rooms.js'

const DAY_MS = 86_400_000
/** STAT studies may go beyond it by a quarter: they are the last to wait for an operator. */
const STAT_SHARE = 1.25

type QuotaRooms = Pick<TransferRooms, 'state' | 'limits' | 'now'>

/** Share of its quota that the facility has used within the last 24 hours. */
export async function usedShare(
  { state, limits, now }: QuotaRooms,
  facility: string,
): Promise<number> {
  return (await bytesSince(state.db, facility, now() - DAY_MS)) / limits.dailyBytes
}

/** An upload, as far as it counts. */
interface Sent {
  readonly facility: string
  readonly priority: Priority
  /** Set when quarantined originals are brought back. */
  readonly release?: object | undefined
}

/** @throws NocturneError `quota_reached` */
export async function expectRoom(
  rooms: QuotaRooms,
  { facility, priority, release }: Sent,
): Promise<void> {
  // What is released from quarantine was counted when it came.
  if (release !== undefined) return
  const most = priority === 'stat' ? STAT_SHARE : 1
  if ((await usedShare(rooms, facility)) >= most) throw new NocturneError('quota_reached')
}

async function bytesSince(db: Db, facility: string, from: number): Promise<number> {
  const { bytes } = await db
    .selectFrom('transfers')
    .select(({ fn }) => fn.sum<number | null>('byte_count').as('bytes'))
    .where('facility', '=', facility)
    .where('created_at', '>=', from)
    .executeTakeFirstOrThrow()
  return bytes ?? 0
}
