/** How much a facility may send within a day, so that one cannot fill the store of all. */
import { NocturneError } from '../lib/errors.js'
import type { Db, Priority, Tx } from '../state/index.js'
import type { TransferRooms } from './rooms.js'

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
/** STAT studies may go beyond it by a quarter: they are the last to wait for an operator. */
const STAT_SHARE = 1.25

type QuotaRooms = Pick<TransferRooms, 'state' | 'limits' | 'now'>

/** Share of its quota that each facility has used within 24 hours; one without an entry: none. */
export async function usedShares({
  state,
  limits,
  now,
}: QuotaRooms): Promise<ReadonlyMap<string, number>> {
  const rows = await lastDay(state.db, now()).groupBy('facility').select('facility').execute()
  return new Map(rows.map(({ facility, bytes }) => [facility, (bytes ?? 0) / limits.dailyBytes]))
}

/** An upload, as far as it counts. */
interface Sent {
  readonly facility: string
  readonly priority: Priority
  /** Set when quarantined originals are brought back: they were counted when they came. */
  readonly release?: object | undefined
}

/**
 * Before an upload: one that begins below the quota is finished, however large it is.
 *
 * @throws NocturneError `quota_reached`
 */
export async function expectRoom(
  { state, limits, now }: QuotaRooms,
  { facility, priority, release }: Sent,
): Promise<void> {
  if (release !== undefined) return
  const { bytes } = await lastDay(state.db, now())
    .where('facility', '=', facility)
    .executeTakeFirstOrThrow()
  const most = limits.dailyBytes * (priority === 'stat' ? STAT_SHARE : 1)
  if ((bytes ?? 0) >= most) throw new NocturneError('quota_reached')
}

/** In the transaction that commits the upload: what its items take in the store, also held ones. */
export async function countUsage(
  tx: Tx,
  { facility, release }: Sent,
  bytes: number,
  now: number,
): Promise<void> {
  if (release !== undefined || bytes === 0) return
  const hour = hourOf(now)
  const counted = await tx
    .insertInto('usage')
    .values({ facility, hour, bytes })
    .onConflict((conflict) =>
      conflict
        .columns(['facility', 'hour'])
        .doUpdateSet((eb) => ({ bytes: eb('usage.bytes', '+', bytes) })),
    )
    .returning('bytes')
    .executeTakeFirstOrThrow()
  // Only the first upload of an hour finds older hours to delete.
  if (counted.bytes !== bytes) return
  await tx
    .deleteFrom('usage')
    .where('facility', '=', facility)
    .where('hour', '<=', hour - DAY_HOURS)
    .execute()
}

const hourOf = (time: number): number => Math.floor(time / HOUR_MS)

const lastDay = (db: Db, now: number) =>
  db
    .selectFrom('usage')
    .select(({ fn }) => fn.sum<number | null>('bytes').as('bytes'))
    .where('hour', '>', hourOf(now) - DAY_HOURS)
